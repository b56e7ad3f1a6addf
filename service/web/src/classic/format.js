/* Times, spans and numbers as text. Times are always shown in UTC+08:00. */

import { words } from "./words.js";

const OFFSET_MS = 8 * 3_600_000;

const shifted = (time) => new Date(Date.parse(time) + OFFSET_MS).toISOString();

/** 08:00:05 */
export const clock = (time) => (time ? shifted(time).slice(11, 19) : "--:--:--");

/** 11-01 08:00:05, or the time alone where it is of the day of `now_ms`. */
export function moment(time, now_ms) {
  if (!time) return "—";
  const text = shifted(time);
  const today = new Date(now_ms + OFFSET_MS).toISOString().slice(0, 10);
  return text.startsWith(today) ? text.slice(11, 19) : `${text.slice(5, 10)} ${text.slice(11, 19)}`;
}

/** 2026-11-01 08:00:05.123 */
export const full = (time) => (time ? shifted(time).slice(0, 23).replace("T", " ") : "—");

/** 4 s, 12 min, 3 h 20 min, 2 d */
export function span(seconds) {
  const u = words().units;
  const s = Math.max(0, Math.floor(seconds));
  if (s < 60) return `${s} ${u.s}`;
  if (s < 3_600) return `${Math.floor(s / 60)} ${u.m}${s < 600 ? ` ${s % 60} ${u.s}` : ""}`;
  if (s < 86_400) return `${Math.floor(s / 3_600)} ${u.h} ${Math.floor((s % 3_600) / 60)} ${u.m}`;
  return `${Math.floor(s / 86_400)} ${u.d} ${Math.floor((s % 86_400) / 3_600)} ${u.h}`;
}

/** Five significant digits, without a tail of zeros. */
export function number(value) {
  if (value === null || value === undefined) return "—";
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e7 || size < 1e-4)) return value.toExponential(2);
  return String(Number(value.toPrecision(size >= 1e4 ? 7 : 5)));
}

/** A new element with a class and a text; texts are never read as HTML. */
export function element(name, className = "", text = "") {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}

/** Set a text only where it is another: most updates change nothing. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}
