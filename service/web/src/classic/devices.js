/* Loggers and edge nodes: link, clock, counts, what they send that departs from their protocol; and dead letters. */

import { deviationText } from "./deviations.js";
import { element, full, moment, span } from "./format.js";
import { DAY_MS, choice, iso, node, note, pages, shortTime, table, tableRow } from "./pieces.js";
import { words } from "./words.js";

const LETTERS = 50;
const LETTERS_EVERY_MS = 60_000;
const RAW_SHOWN = 1_200;
/* A clock further off than this is remarked. */
const CLOCK_OFF_S = 60;
const SILENT_S = 600;

export class DevicesPart {
  #found = null;
  #letters = null;
  #letters_ms = 0;
  #names = new Map();
  #enterprise = "";
  #open = new Set();
  #drawn = "";

  constructor({ request, now_ms }) {
    Object.assign(this, { request, now_ms, read_ms: 0, problem: "" });
    this.bar = element("div", "em-filter");
    this.list = element("div", "em-list");
    this.letters = element("section", "em-block");
    this.node = node("section", "em-part", this.bar, this.list, this.letters);
  }

  forget() {
    Object.assign(this, { read_ms: 0, problem: "" });
    this.#found = this.#letters = null;
    this.#letters_ms = 0;
    this.#drawn = "";
  }

  async load() {
    const [{ items }, { items: outlets }] = await Promise.all([pages(this.request, "/devices"), this.request("GET", "/emissions/outlets")]);
    this.#names = new Map(outlets.map((one) => [one.enterprise, one.enterprise_name]));
    this.#found = items;
    if (this.now_ms() - this.#letters_ms < LETTERS_EVERY_MS) return;
    this.#letters = await this.request("GET", `/dead-letters?from=${iso(this.now_ms() - DAY_MS)}&limit=${LETTERS}`);
    this.#letters_ms = this.now_ms();
  }

  draw() {
    const w = words();
    if (!this.#found) return this.list.replaceChildren(element("p", "em-empty", this.problem ? "" : w.loading));
    const seen = JSON.stringify([w.index, this.#enterprise, this.#found, this.#letters]);
    if (seen === this.#drawn) return;
    this.#drawn = seen;
    const owners = [...new Set(this.#found.map((one) => one.enterprise))].map((id) => [id, this.#names.get(id) || id || w.shared]);
    const filter = choice(w.allEnterprises, [["", w.allEnterprises], ...owners.filter(([id]) => id)], this.#enterprise, (value) => {
      this.#enterprise = value;
      this.draw();
    });
    filter.dataset.key = "device filter";
    this.bar.replaceChildren(filter, element("span", "hint", w.sinceStart));
    const rows = this.#found.filter((one) => !this.#enterprise || one.enterprise === this.#enterprise);
    this.list.replaceChildren(rows.length ? this.#table(rows) : element("p", "em-empty", w.devicesNone));
    this.#drawLetters();
  }

  #table(rows) {
    const w = words();
    const head = [
      [w.device], [w.link], [w.lastData, "num"], [w.clockOffset, "num", w.clockTitle], [w.samplesCount, "num"], [w.acknowledged, "num"], [w.rejected, "num"],
      [w.deviations], [w.lastError],
    ];
    const ranked = [...rows].sort((a, b) => Number(a.connected) - Number(b.connected) || (a.device < b.device ? -1 : 1));
    return table("em-devices", w.tabNames.devices, head, ranked.map((one) => tableRow(one.connected ? "" : "off", head, [
      node("div", "", element("b", "", one.device), element("span", "id", [this.#names.get(one.enterprise) || one.enterprise, one.connector, one.protocol].filter(Boolean).join(" · "))),
      this.#link(one), this.#last(one), this.#clock(one),
      node("div", "", grouped(one.received), element("span", "id", `${w.messages} ${grouped(one.messages)}`)),
      node("div", "", grouped(one.acknowledged), element("span", "id", `${w.resent} ${grouped(one.resent)}`)),
      one.rejected ? note(["✕", grouped(one.rejected), "warn"]) : "0",
      this.#deviations(one),
      element("span", "em-error", one.last_error || "—"),
    ])));
  }

  #link(one) {
    const w = words();
    const sign = one.connected ? ["●", w.connectedYes, "good"] : ["✕", w.connectedNo, "bad"];
    const since = one.connected_since ? w.sinceTime(shortTime(one.connected_since)) : "";
    return node("div", "", note(sign), element("span", "id", [one.peer, since, one.reconnects ? `${w.reconnects} ${one.reconnects}` : ""].filter(Boolean).join(" · ")));
  }

  #last(one) {
    const w = words();
    if (!one.last_received) return note(["—", w.neverHeard, "odd"]);
    const ago = w.ago(span(one.silent_s));
    return node("div", "", moment(one.last_received, this.now_ms()), one.silent_s > SILENT_S ? node("div", "", note(["◷", ago, "warn"])) : element("span", "id", ago));
  }

  #clock(one) {
    const w = words();
    if (one.clock_ahead_s === null) return "—";
    const off_s = Math.abs(one.clock_ahead_s);
    const way = off_s < 0.05 ? "" : one.clock_ahead_s > 0 ? w.fast : w.slow;
    const text = `${off_s < 60 ? `${off_s.toFixed(1)} ${w.units.s}` : span(off_s)} ${way}`;
    return off_s > CLOCK_OFF_S ? note(["◷", text, "warn"]) : text;
  }

  #deviations(one) {
    const w = words();
    const entries = Object.entries(one.deviations).sort((a, b) => b[1] - a[1]);
    if (!entries.length) return element("span", "hint", w.noDeviations);
    const total = entries.reduce((sum, [, count]) => sum + count, 0);
    const key = `${one.connector}/${one.device}`;
    return this.#details(key, w.deviationCount(grouped(total), entries.length), node("ul", "em-deviations", ...entries.map(([word, count]) => {
      const item = node("li", "", element("b", "", `${grouped(count)} × `), deviationText(word, w.index));
      item.title = word;
      return item;
    })));
  }

  #details(key, summary, content) {
    const made = node("details", "", element("summary", "", summary), content);
    made.firstChild.dataset.key = key;
    made.open = this.#open.has(key);
    made.addEventListener("toggle", () => (made.open ? this.#open.add(key) : this.#open.delete(key)));
    return made;
  }

  #drawLetters() {
    const w = words();
    const { items, next } = this.#letters;
    const title = node("h3", "", w.letters, items.length ? note(["✉", w.lettersCount(items.length, next !== null), "warn"]) : "");
    if (!items.length) return this.letters.replaceChildren(title, element("p", "hint", `✓ ${w.lettersNone}`));
    const head = [[w.received], [w.device], [w.reason], [w.raw]];
    this.letters.replaceChildren(title, table("em-letters", w.letters, head, items.map((one) => [
      full(one.received).slice(5, 19),
      node("div", "", element("b", "", one.origin), element("span", "id", [this.#names.get(one.enterprise) || one.enterprise, one.address].filter(Boolean).join(" · "))),
      node("div", "", element("b", "", one.reason), element("span", "em-error", one.detail)),
      this.#details(`letter ${one.id}`, w.bytes(grouped(one.raw_bytes)), element("pre", "em-raw", rawText(one))),
    ])));
  }
}

/** Bytes as text where they are one; what cannot be printed is shown as a dot, a password (PW) not at all. */
function rawText(letter) {
  const bytes = Uint8Array.from(atob(letter.raw_base64).slice(0, RAW_SHOWN), (one) => one.charCodeAt(0));
  const text = new TextDecoder().decode(bytes).replace(/[\u0000-\u0009\u000b\u000c\u000e-\u001f\u007f\ufffd]/g, "·").replace(/\bPW=[^;]*/g, "PW=***");
  return text + (letter.raw_bytes > RAW_SHOWN ? ` ${words().rawCut}` : "");
}

const grouped = (count) => (typeof count === "number" ? count.toLocaleString("en-US") : count);
