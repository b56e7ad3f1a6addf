import { expect, it } from "vitest";
import { band, LoadMeter, WINDOW_MS } from "@/load_meter";

it("holds the bands of EEMUA 191", () => {
  expect([0, 1, 2, 3, 10, 11].map(band)).toEqual(["acceptable", "acceptable", "manageable", "high", "high", "flood"]);
});

it("forgets what is older than ten minutes, and counts an alarm once", () => {
  const meter = new LoadMeter();
  meter.raised("a", 0);
  meter.raised("a", 0);
  meter.raised("b", 1000);
  expect(meter.count(WINDOW_MS - 1)).toBe(2);
  expect(meter.count(WINDOW_MS)).toBe(1);
  expect(meter.count(2 * WINDOW_MS)).toBe(0);
});
