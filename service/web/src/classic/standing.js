/* How a mean stands: against its limit, and what is to be remarked about it. */

import { number } from "./format.js";
import { HOUR_MS, shortTime } from "./pieces.js";
import { words } from "./words.js";

const NEAR = 0.8;

/** Of a limit, as a share: value / limit; between two limits how far from the middle. null: cannot be said. */
export function shareOf(value, limit) {
  if (value === null || value === undefined || !limit) return null;
  if (limit.lower !== null) {
    const half = (limit.limit - limit.lower) / 2;
    return half > 0 ? Math.abs(value - limit.lower - half) / half : null;
  }
  return limit.limit > 0 ? value / limit.limit : null;
}

/* As the judge compares: a mean within 1e-9 of the limit is the limit. */
const beyond = (value, limit) =>
  value !== null && (value > limit.limit + 1e-9 * Math.abs(limit.limit) || (limit.lower !== null && value < limit.lower - 1e-9 * Math.abs(limit.lower)));

/** {share, over, overMarked, near} of a mean against the limit of its own period. */
export function standing(mean, limit) {
  const none = { share: null, over: false, overMarked: false, near: false };
  if (!mean || !limit) return none;
  const share = shareOf(mean.value, limit);
  if (mean.status !== "valid") return { ...none, share };
  const over = mean.unmarked_status === "valid" && beyond(mean.unmarked, limit);
  const overMarked = !over && beyond(mean.value, limit);
  return { share, over, overMarked, near: !over && !overMarked && share > NEAR };
}

/** What is to be said of a mean beside its number: for `note`. */
export function remarks(mean, found, staleBefore_ms = -Infinity) {
  if (!mean) return [];
  const w = words();
  const made = [];
  if (found.over) made.push(["▲", w.over, "bad"]);
  if (found.overMarked) made.push(["▲", w.overMarked, "warn"]);
  if (found.near) made.push(["△", w.near, "warn"]);
  if (Date.parse(mean.start) < staleBefore_ms) made.push(["◷", w.oldHour(shortTime(mean.start)), "warn"]);
  if (mean.status !== "valid") made.push([{ stopped: "■", missing: "—" }[mean.status] ?? "○", w.meanStates[mean.status], "odd"]);
  if (mean.marked) made.push(["▨", w.markedMinutes(mean.marked), "marked"]);
  if (mean.agrees === false) made.push(["≠", w.disagrees, "odd", w.disagreesTitle(number(mean.value), number(mean.reported))]);
  if (mean.minutes_differ) made.push(["≠", w.minutesDiffer(mean.minutes_differ), "odd"]);
  if (mean.late) made.push(["◷", w.lateMinutes(mean.late), "dim"]);
  if (mean.refilled) made.push(["↻", w.refilledMinutes(mean.refilled), "dim"]);
  if (mean.revision > 1) made.push(["✎", w.revised(mean.revision), "dim", w.revisedTitle(w.whys[mean.why] ?? mean.why)]);
  return made;
}

/** End of the last hour that was judged of any tag, ms; 0: none was. */
export function judgedTo(outlets) {
  const starts = outlets.flatMap((one) => one.tags).map((tag) => (tag.last_hour ? Date.parse(tag.last_hour.start) : 0));
  const last_ms = starts.reduce((a, b) => Math.max(a, b), 0);
  return last_ms ? last_ms + HOUR_MS : 0;
}

export const flagText = (flag) => `${flag || "–"} ${words().flags[flag] ?? ""}`;
