/* Pieces the emissions view is made of: tables, signs, bars, choices. */

import { element, full, number } from "./format.js";
import { words } from "./words.js";

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;
const ZONE_MS = 8 * HOUR_MS;

/** 11-25 09:00 */
export const shortTime = (time) => (time ? full(time).slice(5, 16) : "—");
/** The day of UTC+08:00, 2026-11-25. */
export const dayOf = (ms) => new Date(ms + ZONE_MS).toISOString().slice(0, 10);
/** What an input of type datetime-local takes, UTC+08:00; and back. */
export const localInput = (ms) => new Date(ms + ZONE_MS).toISOString().slice(0, 16);
export const fromLocalInput = (text) => `${text.length === 16 ? `${text}:00` : text}+08:00`;
export const iso = (ms) => new Date(ms).toISOString();
export const percent = (share) => (share === null || !Number.isFinite(share) ? "—" : `${(share * 100).toFixed(share < 0.0995 ? 1 : 0)} %`);

/** An element with children: nodes, texts; what is null or false is left out. */
export function node(name, className, ...children) {
  const made = element(name, className);
  made.append(...children.filter((one) => one !== null && one !== undefined && one !== false && one !== ""));
  return made;
}

/** `head`: [text, class, title]. `rows`: of arrays of cells (text, node) or of a made tr. */
export function table(className, label, head, rows) {
  const made = element("table", `em-table ${className}`);
  made.setAttribute("aria-label", label);
  const line = element("tr");
  for (const [text, cellClass = "", title = ""] of head) {
    const cell = element("th", cellClass, text);
    cell.scope = "col";
    cell.title = title;
    line.append(cell);
  }
  made.append(node("thead", "", line), node("tbody", "", ...rows.map((one) => (Array.isArray(one) ? tableRow("", head, one) : one))));
  return made;
}

export function tableRow(className, head, cells) {
  return node("tr", className, ...cells.map((cell, k) => node("td", head[k]?.[1] ?? "", cell)));
}

/** A remark with a shape of its own before it: [sign, text, class, title]. */
export function note([sign, text, className, title = ""]) {
  const made = node("span", `em-note ${className}`, element("span", "em-sign", sign), text);
  made.firstChild.setAttribute("aria-hidden", "true");
  made.title = title;
  return made;
}

/** A bar of a share, with its number: the sign says what the colour says. `limitAt`: where 1 stands on the bar. */
export function shareBar(share, { over = false, near = false, hollow = false, title = "", limitAt = 0.8 } = {}) {
  const made = element("div", `em-share${over ? " over" : near ? " near" : ""}${hollow ? " hollow" : ""}`);
  const fill = element("span", "em-fill");
  fill.style.width = `${Math.min(Math.max(share ?? 0, 0), 1 / limitAt) * 100 * limitAt}%`;
  made.append(node("span", "em-track", fill, element("span", "em-mark100")), element("b", "", `${over ? "▲ " : near ? "△ " : ""}${percent(share)}`));
  made.title = title;
  return made;
}

export function choice(label, options, value, onChange) {
  const made = element("select", "em-choice");
  made.setAttribute("aria-label", label);
  for (const [id, text] of options) {
    const option = element("option", "", text);
    option.value = id;
    made.append(option);
  }
  made.value = value;
  if (made.selectedIndex < 0) made.selectedIndex = 0;
  made.addEventListener("change", () => onChange(made.value));
  return made;
}

export function button(text, className, onClick, key = "") {
  const made = element("button", className, text);
  made.type = "button";
  if (key) made.dataset.key = key;
  made.addEventListener("click", onClick);
  return made;
}

/** A file in several formats: its name and a link for each. */
export function downloads(text, path, query, formats) {
  const links = formats.map((format) => {
    const made = element("a", "em-link", `↓ ${format.toUpperCase()}`);
    made.href = `/api/v1${path}?${new URLSearchParams({ ...query, format })}`;
    made.setAttribute("download", "");
    made.setAttribute("aria-label", `${text} ${format.toUpperCase()}`);
    made.dataset.key = `${path} ${text} ${format}`;
    return made;
  });
  return node("span", "em-downloads", text, ...links);
}

/** All pages of a route, `most` at most: {items, more}. */
export async function pages(request, path, most = 20) {
  const items = [];
  let next = null;
  for (let k = 0; k < most; k += 1) {
    const page = await request("GET", path + (next ? `${path.includes("?") ? "&" : "?"}cursor=${encodeURIComponent(next)}` : ""));
    items.push(...page.items);
    next = page.next;
    if (!next) break;
  }
  return { items, more: Boolean(next) };
}

/** How sure we are, of facts of a limit: words of what is not simply read. */
export function sureness(facts) {
  const w = words();
  const doubts = [[w.sureLimit, facts.confidence], [w.sureTime, facts.basis_confidence], [w.sureDates, facts.dates_confidence]];
  const said = doubts.filter(([, how]) => how && how !== "read").map(([what, how]) => `${what} ${w.sure[how] ?? how}`);
  if (facts.permit) said.unshift(w.permitAsFiled);
  if (facts.confirmed_by) said.push(w.confirmedBy(facts.confirmed_by, facts.confirmed_on ?? ""));
  return said.length ? said.join(w.comma) : w.sure.read;
}

/** A limit in one line. */
export function limitText(limit) {
  const w = words();
  const least = limit.lower === null ? "" : `${number(limit.lower)}–`;
  return `${w.basisNames[limit.basis] ?? limit.basis} ${least}${number(limit.limit)} ${limit.unit} · ${origin(limit.facts)}`;
}

/** Where a limit is from: the permit, else the standard's clause. */
export function origin(facts) {
  return facts.permit ? words().permit(facts.permit) : [facts.standard, facts.clause].filter(Boolean).join(" ");
}
