import { expect, it } from "vitest";
import { happened, momentAt, type Item } from "@/review/replay";

const item = (at_s: number, more: Partial<Item>): Item => ({
  at: new Date(at_s * 1e3).toISOString(), kind: "alert", enterprise: "acme", source: "acme.tank", subject: "a", what: "LT", target: "acme.tank.LT", level: "H", actor: "engine",
  trigger: "raised", from_state: "norm", to_state: "unack", priority: 2, value: 1, limit: 1, unit: "m", text: "", seq: 1, ...more,
});
const STORY = [
  item(10, {}),
  item(20, { subject: "b", source: "acme.gas", priority: 1 }),
  item(25, { kind: "risk", subject: "acme.tank", from_state: "blue", to_state: "orange" }),
  item(30, { kind: "operator", trigger: "ack", to_state: "acked", actor: "wang" }),
  item(40, { trigger: "cleared", to_state: "norm" }),
];
const TIMES = STORY.map((one) => Date.parse(one.at));
const at = (s: number) => momentAt(STORY, TIMES, s * 1e3);

it("shows nothing before anything has happened, and all in its order after", () => {
  expect(at(9).standing).toEqual([]);
  expect(at(10).standing.map((one) => one.subject)).toEqual(["a"]);
  expect(at(20).standing.map((one) => one.subject)).toEqual(["b", "a"]);
  expect(at(30).standing.map((one) => [one.subject, one.to_state])).toEqual([["b", "unack"], ["a", "acked"]]);
  expect(at(40).standing.map((one) => one.subject)).toEqual(["b"]);
});

it("knows the newest that nobody has acknowledged, and the colours of then", () => {
  expect([at(15).newest, at(20).newest]).toEqual(["acme.tank", "acme.gas"]);
  expect(at(35).unacked).toEqual(new Map([["acme.gas", 1]]));
  expect([at(20).colours.get("acme.tank"), at(25).colours.get("acme.tank")]).toEqual(["blue", "orange"]);
});

it("knows that what is cleared in the span stood before it", () => {
  const story = [item(10, { trigger: "cleared", from_state: "acked", to_state: "norm" })];
  const before = momentAt(story, [10_000], 5_000);
  expect(before.standing.map((one) => one.to_state)).toEqual(["acked"]);
  expect(momentAt(story, [10_000], 10_000).standing).toEqual([]);
});

it("is the same whichever way one came there", () => {
  at(40);
  expect(at(15).next).toBe(1);
  expect(happened([1, 1, 2], 1)).toBe(2);
});
