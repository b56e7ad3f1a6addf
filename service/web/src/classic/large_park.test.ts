/* A park of two hundred enterprises must not push the alarms off the screen. */

import { expect, it } from "vitest";
import { Strip } from "@/classic/panels.js";
import { RiskStrip } from "@/classic/risk.js";

const div = (): HTMLElement => document.body.appendChild(document.createElement("div"));
const connector = (id: number, state = "connected"): object => ({ id: `c${id}`, state, kind: "opcua", silent_s: 0, last_error: "", bad_addresses: {} });
const chips = (node: HTMLElement): string[] => [...node.querySelectorAll(".chip:not([hidden])")].map((one) => one.textContent ?? "");

it("shows of many connectors those that are not well, and how many there are of each", () => {
  const node = div();
  const strip = new Strip(node);
  strip.connectors(Array.from({ length: 200 }, (_, k) => connector(k, k < 20 ? "disconnected" : "connected")));
  expect(chips(node)).toEqual(["", ...Array.from({ length: 8 }, (_, k) => `✕c${k}断开`), "✕ 断开 12", "● 正常 180"]);
  strip.connectors([connector(1), connector(2)]);
  expect(chips(node)).toEqual(["", "●c1正常", "●c2正常"]);
});

it("shows of many enterprises those that are not blue, the worst first", () => {
  const node = div();
  const strip = new RiskStrip({ strip: node, detail: div(), title: div(), reasons: div(), close: div(), now_ms: () => 0 });
  const one = (subject: string, colour: string): object => ({ subject, name: subject, colour, score: 1, sources: [], reasons: [] });
  const enterprises = Array.from({ length: 200 }, (_, k) => one(`e${k}`, k === 7 ? "red" : k === 3 ? "yellow" : "blue"));
  strip.update({ park: one("park", "red"), enterprises, shared: [] });
  expect(chips(node)).toEqual(["红park", "红e7", "黄e3", "另有 198 项"]);
});
