import { expect, it } from "vitest";
import { fromField, minute, spanText, toField } from "@/time";

it("shows +08:00, whatever the machine's zone is", () => {
  expect(minute("2026-10-31T23:30:00Z")).toBe("2026-11-01 07:30");
});

it("takes a field's time back to the same moment", () => {
  const ms = Date.parse("2026-10-31T23:30:00Z");
  expect(toField(ms)).toBe("2026-11-01T07:30");
  expect(Date.parse(fromField(toField(ms)))).toBe(ms);
});

it("says the two largest parts of a span", () => {
  expect(spanText(59 * 60_000, "zh")).toBe("59 分钟");
  expect(spanText(185 * 60_000, "en")).toBe("3 h 5 min");
  expect(spanText(-52 * 3_600_000, "en")).toBe("2 d 4 h");
});
