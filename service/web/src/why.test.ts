import { expect, it } from "vitest";
import { language } from "@/language";
import { why } from "@/why";
// The same that the service's own translation is held against.
import examples from "../../../tests/unit/service/why_examples.json";

it.each(examples)("%s", (english, chinese) => {
  expect(why(english!)).toBe(chinese);
});

it("is as it was written in English", () => {
  language.value = "en";
  expect(why("level 92.8554 % above HH 90 %")).toBe("level 92.8554 % above HH 90 %");
  language.value = "zh";
});
