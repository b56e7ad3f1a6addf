/* The list of outlets and stations: what each pollutant's last hour is worth against its limit. */

import { element, number, setText } from "./format.js";
import { HOUR_MS, button, choice, iso, limitText, node, note, origin, percent, shareBar, shortTime, sureness, table, tableRow } from "./pieces.js";
import { quantityName } from "./quantities.js";
import { flagText, judgedTo, remarks, shareOf, standing } from "./standing.js";
import { words } from "./words.js";

const MINUTES_EVERY_MS = 60_000;
const TAGS_A_REQUEST = 50;
/* An hour is judged within this time after its end. */
const GRACE_MS = 5 * 60_000;

/** Name of a tag: its own, else its quantity's. */
export const tagName = (tag) => tag.name || quantityName(tag.quantity, words().index);

export class OutletsPart {
  #found = null;
  #minutes = new Map();
  #minutes_ms = 0;
  #filter = { enterprise: "", kind: "", text: "", order: "grouped" };
  #drawn = "";

  constructor({ request, now_ms }) {
    Object.assign(this, { request, now_ms, judged_ms: 0, read_ms: 0, problem: "" });
    this.bar = element("div", "em-filter");
    this.list = element("div", "em-list");
    this.node = node("section", "em-part", this.bar, this.list);
    this.text = element("input", "em-text");
    this.text.type = "search";
    this.text.dataset.key = "outlet filter";
    this.text.addEventListener("input", () => this.#set("text", this.text.value));
    this.count = element("span", "hint");
  }

  forget() {
    Object.assign(this, { judged_ms: 0, read_ms: 0, problem: "" });
    this.#found = null;
    this.#drawn = "";
    this.#minutes = new Map();
    this.#minutes_ms = 0;
  }

  #set(name, value) {
    this.#filter[name] = value;
    this.draw();
  }

  async load() {
    this.#found = (await this.request("GET", "/emissions/outlets")).items;
    this.judged_ms = judgedTo(this.#found);
    if (this.now_ms() - this.#minutes_ms >= MINUTES_EVERY_MS) await this.#loadMinutes();
  }

  async #loadMinutes() {
    const now_ms = this.now_ms();
    const query = `from=${iso(Math.floor(now_ms / HOUR_MS) * HOUR_MS)}&to=${iso(now_ms)}`;
    const names = this.#found.flatMap((one) => one.tags.filter((tag) => tag.pollutant).map((tag) => tag.tag));
    const found = new Map();
    for (let k = 0; k < names.length; k += TAGS_A_REQUEST) {
      const tags = names.slice(k, k + TAGS_A_REQUEST).map((one) => `tag=${encodeURIComponent(one)}`).join("&");
      const { items } = await this.request("GET", `/emissions/minutes?${tags}&${query}`);
      for (const one of items) {
        const sum = found.get(one.tag) ?? { n: 0, sum: 0, last: one.start };
        if (one.flag === "N" && one.value !== null) Object.assign(sum, { n: sum.n + 1, sum: sum.sum + one.value });
        found.set(one.tag, { ...sum, last: one.start });
      }
    }
    this.#minutes = found;
    this.#minutes_ms = now_ms;
  }

  draw() {
    const w = words();
    this.text.placeholder = w.filterText;
    this.text.setAttribute("aria-label", w.filterText);
    if (!this.#found) return this.list.replaceChildren(element("p", "em-empty", this.problem ? "" : w.loading));
    const seen = JSON.stringify([w.index, this.#filter, this.#found, [...this.#minutes], Math.floor(this.now_ms() / 60_000)]);
    if (seen === this.#drawn) return;
    this.#drawn = seen;
    this.#drawBar();
    const rows = this.#rows();
    const outlets = new Set(rows.map((row) => row.outlet.source)).size;
    setText(this.count, w.outletsShown(outlets, this.#found.length));
    if (!rows.length) return this.list.replaceChildren(element("p", "em-empty", this.#found.length ? w.noneMatch : w.emptyOutlets));
    this.list.replaceChildren(this.#table(rows));
  }

  #drawBar() {
    const w = words();
    const enterprises = new Map(this.#found.map((one) => [one.enterprise, one.enterprise_name || one.enterprise]));
    const kinds = [...new Set(this.#found.map((one) => one.kind))].map((kind) => [kind, w.kinds[kind] ?? kind]);
    const made = [
      choice(w.allEnterprises, [["", w.allEnterprises], ...enterprises], this.#filter.enterprise, (value) => this.#set("enterprise", value)),
      choice(w.allKinds, [["", w.allKinds], ...kinds], this.#filter.kind, (value) => this.#set("kind", value)),
      choice(w.groupBy, [["grouped", w.grouped], ["share", w.byShare]], this.#filter.order, (value) => this.#set("order", value)),
    ];
    made.forEach((one, k) => (one.dataset.key = `outlet choice ${k}`));
    for (const old of this.bar.querySelectorAll("select")) old.remove();
    if (!this.text.isConnected || this.text.parentNode !== this.bar) this.bar.append(this.text, this.count);
    this.bar.prepend(...made);
  }

  #rows() {
    const { enterprise, kind, text } = this.#filter;
    const asked = text.trim().toLowerCase().split(/\s+/).filter(Boolean);
    const rows = [];
    for (const outlet of this.#found) {
      if ((enterprise && outlet.enterprise !== enterprise) || (kind && outlet.kind !== kind)) continue;
      for (const tag of outlet.tags.filter((one) => one.pollutant)) {
        const names = [outlet.source, outlet.name, outlet.enterprise_name, tag.tag, tagName(tag), tag.quantity].join(" ").toLowerCase();
        if (!asked.every((one) => names.includes(one))) continue;
        const found = standing(tag.last_hour, tag.hour_limit);
        const reference = tag.hour_limit ? null : shareOf(tag.last_hour?.value, tag.day_limit);
        const running = this.#runningShare(tag);
        rows.push({ outlet, tag, found, reference, running, rank: (found.over ? 1e6 : 0) + (found.share ?? reference ?? running ?? -1) });
      }
    }
    return rows.sort((a, b) => b.rank - a.rank);
  }

  #table(rows) {
    const w = words();
    const head = [
      [w.outlet], [w.pollutant], [w.hourMean, "num"], [w.limitOf, "num"], [w.share, "", w.shareTitle], [w.minutesValid, "num"],
      [w.runningHour, "num", w.runningTitle], [w.signs],
    ];
    if (this.#filter.order === "share") return table("em-outlets", w.tabNames.outlets, head, rows.map((row) => this.#row(head, row, true)));
    const made = [];
    for (const [, ofEnterprise] of grouped(rows, (row) => row.outlet.enterprise)) {
      const judged = ofEnterprise.filter((row) => row.tag.last_hour?.status === "valid");
      const highest = Math.max(-1, ...judged.map((row) => row.found.share ?? -1));
      const title = element("th", "em-group", ofEnterprise[0].outlet.enterprise_name || ofEnterprise[0].outlet.enterprise || w.shared);
      title.colSpan = head.length;
      title.scope = "rowgroup";
      if (highest >= 0) title.append(element("span", "hint", `  ${w.highest(percent(highest))}`));
      made.push(node("tr", "", title));
      for (const [, ofOutlet] of grouped(ofEnterprise, (row) => row.outlet.source)) {
        ofOutlet.forEach((row, k) => made.push(this.#row(head, row, k === 0)));
      }
    }
    return table("em-outlets", w.tabNames.outlets, head, made);
  }

  #row(head, { outlet, tag, found, reference, running }, first) {
    const w = words();
    const mean = tag.last_hour;
    const limit = tag.hour_limit ?? tag.day_limit;
    const open = button(outlet.name || outlet.source, "em-open", () => (location.hash = `#emissions/outlet/${outlet.source}`), `open ${tag.tag}`);
    open.title = w.openOutlet(outlet.name || outlet.source);
    const name = first
      ? node("div", "", open, element("span", "id", [this.#filter.order === "share" ? outlet.enterprise_name : "", w.kinds[outlet.kind] ?? outlet.kind, outlet.source].filter(Boolean).join(" · ")))
      : "";
    const value = node("div", "", element("b", mean && mean.status !== "valid" ? "em-invalid" : "", mean ? number(mean.value) : "—"), element("span", "unit", ` ${tag.unit}`));
    if (mean) value.append(element("span", "id", this.#hourText(mean)));
    if (mean?.marked) value.append(element("span", "id", w.withoutMarks(number(mean.unmarked))));
    const made = tableRow(found.over ? "over" : "", head, [
      name,
      node("div", "", element("b", "", tagName(tag)), element("span", "id", tag.tag.split(".").at(-1))),
      value,
      limitCell(tag, limit),
      mean && limit ? shareCell(found, tag, reference) : "—",
      mean ? node("div", "", `${mean.parts} / 60`, element("span", "id", flagText(mean.flag))) : "—",
      this.#running(tag, running),
      node("div", "em-notes", ...remarks(mean, found, Math.floor((this.now_ms() - GRACE_MS) / HOUR_MS) * HOUR_MS - HOUR_MS).map(note)),
    ]);
    made.classList.toggle("first", first);
    return made;
  }

  #hourText(mean) {
    const text = `${shortTime(mean.start)}–${shortTime(iso(Date.parse(mean.start) + HOUR_MS)).slice(6)}`;
    return mean.converted ? `${text} · ${words().converted}` : text;
  }

  #running(tag, share) {
    const found = this.#minutes.get(tag.tag);
    if (!found?.n) return "—";
    const sign = share > 1 ? "△ " : "";
    const text = [`${found.n} / 60`, share === null ? "" : percent(share)].filter(Boolean).join(" · ");
    return node("div", "em-running", sign + number(found.sum / found.n), element("span", "id", text));
  }

  /** Minutes are as measured: only where the limit is held against that can they be told as a share of it. */
  #runningShare(tag) {
    const found = this.#minutes.get(tag.tag);
    const limit = tag.hour_limit;
    if (!found?.n || !limit || limit.facts.o2_reference !== null || limit.facts.excess_air !== null) return null;
    return shareOf(found.sum / found.n, limit);
  }
}

function shareCell(found, tag, reference) {
  const w = words();
  if (tag.hour_limit) return shareBar(found.share, { over: found.over || found.overMarked, near: found.near, hollow: tag.last_hour.status !== "valid" });
  const made = shareBar(reference, { hollow: true, title: w.perDayLimit });
  made.append(element("span", "id", `(${w.basisNames.day})`));
  return made;
}

/** Limit with its unit, basis and where it is from; title: all of it. */
function limitCell(tag, limit) {
  const w = words();
  if (!limit) {
    const none = element("span", "hint", w.noLimit);
    none.title = w.noLimitTitle;
    return none;
  }
  const least = limit.lower === null ? "" : `${number(limit.lower)}–`;
  const made = node("div", "em-limit", element("b", "", least + number(limit.limit)), element("span", "unit", ` ${limit.unit}`));
  const inferred = limit.facts.basis_confidence === "inferred" ? "?" : "";
  made.append(element("span", "id", `${w.basisNames[limit.basis] ?? limit.basis}${inferred} · ${origin(limit.facts)}`));
  made.title = [limitText(limit), limit.facts.title, `${w.confidence}: ${sureness(limit.facts)}`, limit.facts.note, tag.hour_limit ? "" : w.perDayLimit].filter(Boolean).join("\n");
  return made;
}

function grouped(rows, keyOf) {
  const groups = new Map();
  for (const row of rows) groups.set(keyOf(row), [...(groups.get(keyOf(row)) ?? []), row]);
  return groups;
}
