import { expect, it } from "vitest";
import { away, plume, type Position } from "@/map/geometry";

const HOME: Position = [120.87, 30.15];
const metres = (a: Position, b: Position): [number, number] => [
  (b[0] - a[0]) * 111_320 * Math.cos((a[1] * Math.PI) / 180),
  (b[1] - a[1]) * 111_320,
];

it("goes north and east", () => {
  const [x, y] = metres(HOME, away(HOME, 1000, 90));
  expect(x).toBeCloseTo(1000, 3);
  expect(y).toBeCloseTo(0, 3);
});

it("draws the plume downwind of its source, wider in weak wind", () => {
  const north = plume(HOME, 0, 5); // wind from the north blows south
  expect(north.slice(1, -1).every((one) => one[1] < HOME[1])).toBe(true);
  const width = (points: Position[]): number => Math.abs(metres(points[1]!, points.at(-2)!)[0]);
  expect(width(plume(HOME, 0, 1)) / 600).toBeGreaterThan(width(plume(HOME, 0, 2)) / 1200);
});
