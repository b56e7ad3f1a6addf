import { expect, it } from "vitest";
import { aligned, gapsOf, valueAt, type Columns } from "@/trend/series";

const columns = (time_ms: number[], good: number[] = time_ms.map(() => 1)): Columns => ({
  unit: "m", time_ms, mean: time_ms.map((at) => at / 1000), min: time_ms.map(() => 0), max: time_ms.map(() => 9), good,
});

it("finds what is missing at both ends and between, and what was bad", () => {
  const found = gapsOf(columns([10_000, 11_000, 12_000, 30_000, 31_000], [1, 0, 0, 1, 1]), 1_000, 0, 60_000);
  expect(found).toEqual([
    { kind: "none", from_ms: 0, to_ms: 10_000 },
    { kind: "bad", from_ms: 11_000, to_ms: 13_000 },
    { kind: "none", from_ms: 12_000, to_ms: 30_000 },
    { kind: "none", from_ms: 31_000, to_ms: 60_000 },
  ]);
});

it("does not take an instrument for silent because it is slow", () => {
  expect(gapsOf(columns([0, 60_000, 120_000, 180_000]), 1_000, 0, 200_000)).toEqual([]);
});

it("breaks a line at a gap, and puts tags of other times side by side", () => {
  const [times, mean, , , other] = aligned([columns([0, 1_000, 9_000]), columns([500])], 1_000);
  expect(times).toEqual([0, 0.5, 1, 1.001, 9]);
  expect(mean).toEqual([0, undefined, 1, null, 9]);
  expect(other).toEqual([undefined, 0.5, undefined, undefined, undefined]);
});

it("knows the value at a moment, and that there was none", () => {
  const one = columns([0, 1_000, 2_000]);
  expect([valueAt(one, 1_500, 1_000), valueAt(one, -1, 1_000), valueAt(one, 9_000, 1_000), valueAt(undefined, 0, 1)]).toEqual([1, null, null, null]);
});
