import { describe, expect, it } from "vitest";
import { wanted } from "@/sound";

describe("what is to be heard", () => {
  it("is the worst that nobody has acknowledged", () => {
    expect(wanted([3, 1, 2])).toBe("p1");
    expect(wanted([3, 2])).toBe("p2");
  });
  it("is nothing where nothing waits, or only the lowest does", () => {
    expect(wanted([])).toBe("off");
    expect(wanted([4, 4])).toBe("off");
  });
});
