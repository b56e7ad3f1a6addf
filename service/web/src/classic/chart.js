/* Pictures of a day: hour means as bars against the limit, and the gaps of a tag as a strip. */

import { element, full, number, span } from "./format.js";
import { DAY_MS, HOUR_MS, node, shortTime } from "./pieces.js";
import { words } from "./words.js";

const WIDTH = 960;
const HEIGHT = 250;
const LEFT = 52;
/* For the words beside the line of the limit. */
const RIGHT = 84;
const TOP = 22;
const BOTTOM = 212;

function svg(name, attributes, ...children) {
  const made = document.createElementNS(document.getElementById("patterns").namespaceURI, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  made.append(...children);
  return made;
}

/** Steps of an axis: a few round numbers from 0 (or from below) to the highest. */
function ticks(low, high) {
  const raw = (high - low) / 4 || 1;
  const size = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].find((one) => one * size >= raw) * size;
  const made = [];
  for (let at = Math.ceil(low / step) * step; at <= high * 1.0001; at += step) made.push(Number(at.toPrecision(12)));
  return made;
}

/**
 * `slots`: 24 hours in order, each {start_ms, value, state, over, overMarked, marked, revision, text}; state as of a mean, `running`,
 * or null where nothing is judged. `limit`: {limit, lower, unit} or null.
 */
export function barChart(slots, limit, label) {
  const w = words();
  const values = slots.map((one) => one.value).filter((one) => one !== null && one !== undefined);
  const highest = Math.max(...values, limit ? limit.limit * 1.1 : 0, 1e-9) * 1.08;
  const lowest = Math.min(0, ...values);
  const y = (value) => BOTTOM - ((value - lowest) / (highest - lowest)) * (BOTTOM - TOP);
  const right = WIDTH - (limit ? RIGHT : 8);
  const wide = (right - LEFT) / slots.length;
  const drawn = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "em-chart", role: "img", "aria-label": label });
  for (const tick of ticks(lowest, highest)) {
    drawn.append(svg("line", { x1: LEFT, x2: right, y1: y(tick), y2: y(tick), class: "axis" }));
    drawn.append(svg("text", { x: LEFT - 6, y: y(tick) + 4, class: "tick end" }, number(tick)));
  }
  slots.forEach((one, k) => drawn.append(...bar(one, LEFT + k * wide, wide, y, y(Math.max(lowest, 0)), k)));
  for (const value of [limit?.limit, limit?.lower]) {
    if (value === null || value === undefined) continue;
    drawn.append(svg("line", { x1: LEFT, x2: right, y1: y(value), y2: y(value), class: "limit" }));
    drawn.append(svg("text", { x: right + 5, y: y(value) - 2, class: "limit-text" }, w.limitOf));
    drawn.append(svg("text", { x: right + 5, y: y(value) + 13, class: "limit-text" }, `${number(value)} ${limit.unit}`));
  }
  if (slots.every((one) => one.state === null || one.state === "running")) drawn.append(svg("text", { x: (LEFT + right) / 2, y: HEIGHT / 2, class: "tick" }, w.notJudged));
  return drawn;
}

function bar(one, x, wide, y, base, k) {
  const made = svg("g", { class: `bar ${one.state ?? "none"}${one.over || one.overMarked ? " over" : ""}` });
  const inner = { x: x + wide * 0.14, width: wide * 0.72 };
  const middle = x + wide / 2;
  const has = one.value !== null && one.value !== undefined && one.state !== null;
  const top = has ? Math.min(y(one.value), base) : base;
  const shape = has ? { ...inner, y: top, height: Math.max(Math.abs(base - y(one.value)), 1) } : null;
  if (shape) {
    made.append(svg("rect", { ...shape, class: "fill" }));
    if (one.marked) made.append(svg("rect", { ...shape, fill: "url(#hatch)" }));
  }
  const glyph = one.state === "stopped" ? "■" : one.state === "missing" ? "—" : one.state === "running" && !has ? "…" : "";
  if (glyph) made.append(svg("text", { x: middle, y: base - 5, class: "glyph" }, glyph));
  if (one.over || one.overMarked) made.append(svg("text", { x: middle, y: top - 4, class: "glyph over" }, one.over ? "▲" : "△"));
  if (one.revision > 1) made.append(svg("text", { x: middle, y: top - (one.over || one.overMarked ? 17 : 4), class: "revision" }, String(one.revision)));
  const time = full(new Date(one.start_ms).toISOString());
  const hour = time.slice(11, 13);
  if (Number(hour) % 2 === 0) made.append(svg("text", { x: middle, y: BOTTOM + 16, class: "tick" }, hour));
  if (k === 0 || hour === "00") made.append(svg("text", { x: middle, y: BOTTOM + 32, class: "tick" }, time.slice(5, 10)));
  made.append(svg("rect", { x, width: wide, y: TOP - 16, height: BOTTOM - TOP + 16, class: "hit" }), svg("title", {}, one.text));
  return [made];
}

/** What the signs of `barChart` mean. */
export function barLegend() {
  const w = words();
  const item = (className, text, sign = "") => node("span", "em-legend-item", element("span", `em-swatch ${className}`, sign), text);
  const bars = w.legendBars;
  return node(
    "div", "em-legend",
    item("valid", bars.valid), item("invalid", bars.invalid), item("over", bars.over, "▲"), item("over", w.overMarked, "△"), item("marked", bars.marked),
    item("glyph", bars.stopped, "■"), item("glyph", bars.missing, "—"), item("running", bars.running), item("glyph revision", w.legendRevised, "2"),
  );
}

/** Segments of [from_ms, to_ms) as a strip: a place, a colour and a pattern for each. */
export function strip(segments, from_ms, to_ms, label) {
  const w = words();
  const made = element("div", "em-strip");
  const sums = {};
  for (const one of segments) {
    const begin_ms = Math.max(Date.parse(one.start), from_ms);
    const end_ms = Math.min(Date.parse(one.end), to_ms);
    if (end_ms <= begin_ms) continue;
    sums[one.state] = (sums[one.state] ?? 0) + end_ms - begin_ms;
    const piece = element("span", `em-seg s-${one.state}${one.marked ? " s-also" : ""}`);
    piece.style.left = `${((begin_ms - from_ms) / (to_ms - from_ms)) * 100}%`;
    piece.style.width = `${((end_ms - begin_ms) / (to_ms - from_ms)) * 100}%`;
    const also = one.marked && one.state !== "marked" ? ` + ${w.alsoMarked}` : "";
    piece.title = `${w.segments[one.state]}${also} · ${shortTime(one.start)} – ${shortTime(one.end)} (${span((end_ms - begin_ms) / 1e3)})`;
    made.append(piece);
  }
  made.setAttribute("role", "img");
  made.setAttribute("aria-label", `${label}: ${Object.entries(sums).map(([state, ms]) => `${w.segments[state]} ${span(ms / 1e3)}`).join(w.comma)}`);
  return made;
}

/** Whole hours below the strips, every third. */
export function stripAxis(from_ms, to_ms) {
  const made = element("div", "em-axis");
  const step_ms = to_ms - from_ms > 2 * DAY_MS ? DAY_MS : 3 * HOUR_MS;
  for (let at = Math.ceil((from_ms + 8 * HOUR_MS) / step_ms) * step_ms - 8 * HOUR_MS; at < to_ms; at += step_ms) {
    const tick = element("span", "", full(new Date(at).toISOString()).slice(11, 16));
    tick.style.left = `${((at - from_ms) / (to_ms - from_ms)) * 100}%`;
    made.append(tick);
  }
  made.setAttribute("aria-hidden", "true");
  return made;
}

export function stripLegend() {
  const w = words();
  return node("div", "em-legend", ...Object.keys(w.segments).map((state) => node("span", "em-legend-item", element("span", `em-swatch em-seg s-${state}`), w.segments[state])));
}
