/* Exceedances and early warnings: one card each with the limit, where it is from and how sure we are of it. */

import { element, full, number } from "./format.js";
import { DAY_MS, button, choice, downloads, iso, node, note, shortTime, sureness } from "./pieces.js";
import { quantityName } from "./quantities.js";
import { judgedTo } from "./standing.js";
import { words } from "./words.js";

const SIGN = { warning: "△", hour: "▲", day: "▲▲" };

/** Cards of exceedances; the history of one is asked for when it is opened, and anew when it has another revision. */
export class ExceedanceCards {
  #open = new Map();

  constructor(request, sourceName = (one) => one) {
    Object.assign(this, { request, sourceName });
  }

  card(one) {
    const w = words();
    const facts = one.provenance;
    const unit = one.unit;
    const gone = one.state === "withdrawn";
    const times = one.kind !== "warning" && one.side === "high" && facts.lower === null && one.limit > 0 ? ` · ${w.times(number(Number((one.value / one.limit - 1).toFixed(3))))}` : "";
    const title = node(
      "div", "em-card-head",
      element("span", "em-sign", SIGN[one.kind] ?? "▲"),
      element("b", "", `${w.exceedanceKinds[one.kind]} · ${quantityName(one.quantity, w.index)}`),
      element("span", "em-card-time", full(one.start).slice(0, 16)),
    );
    const lines = [
      this.sourceName(one),
      `${number(one.value)} ${unit} ${one.side === "low" ? "<" : ">"} ${number(one.limit)} ${unit}${one.kind === "warning" ? ` (${w.ofHourLimit(`${number(facts.limit)} ${facts.unit}`)})` : ""}${times}`,
      ...limitLines(facts),
    ].filter(Boolean).map((text) => element("p", "", text));
    const signs = [
      gone ? ["✕", w.withdrawn, "dim"] : ["●", w.standing, one.kind === "warning" ? "warn" : "bad"],
      one.unmarked ? null : ["▨", w.onlyMarked, "marked"],
      one.revision > 1 ? ["✎", w.revised(one.revision), "dim"] : null,
      one.over ? ["✓", w.exceedanceOver(shortTime(one.over)), "dim"] : null,
    ].filter(Boolean);
    const made = node("article", `em-card of-${one.kind}${gone ? " gone" : ""}`, title, node("div", "em-notes", ...signs.map(note)), ...lines);
    if (gone && one.why) made.append(element("p", "", one.why));
    made.append(this.#history(one));
    return made;
  }

  #history(one) {
    const details = node("details", "em-history", element("summary", "", words().history));
    details.firstChild.dataset.key = `history ${one.id}`;
    const list = details.appendChild(element("ol"));
    const known = this.#open.get(one.id);
    if (known) {
      details.open = true;
      this.#show(list, known.items);
      if (known.revision !== one.revision) this.#load(one, list);
    }
    details.addEventListener("toggle", () => {
      if (!details.open) this.#open.delete(one.id);
      else if (!this.#open.has(one.id)) this.#load(one, list);
    });
    return details;
  }

  async #load(one, list) {
    this.#open.set(one.id, { revision: one.revision, items: null });
    try {
      const { items } = await this.request("GET", `/emissions/exceedances/${one.id}/history`);
      this.#open.set(one.id, { revision: one.revision, items });
      this.#show(list, items);
    } catch (problem) {
      list.replaceChildren(element("li", "", problem.message));
    }
  }

  #show(list, items) {
    const w = words();
    if (!items) return list.replaceChildren(element("li", "", w.loading));
    list.replaceChildren(
      ...items.map((each) => {
        const item = node("li", "", element("time", "", full(each.at).slice(5, 19)), element("b", "", each.state === "withdrawn" ? w.withdrawn : `${w.standing} ${number(each.value)}`));
        item.append(element("p", "", each.why));
        return item;
      }),
    );
  }
}

function limitLines(facts) {
  const w = words();
  const lines = [];
  if (facts.permit) lines.push(w.permit(facts.permit));
  const stated = facts.permit ? facts.overrides : facts;
  if (stated?.standard) {
    const named = `${stated.standard}${stated.title ? ` ${stated.title}` : ""} · ${stated.clause} · ${w.version} ${stated.version}`;
    lines.push(facts.permit ? `${w.instead} ${named} (${number(stated.limit)} ${stated.unit})` : `${w.limitStandard}: ${named}`);
  }
  lines.push(`${w.confidence}: ${sureness(facts)}`);
  if (facts.note) lines.push(facts.note);
  return lines;
}

/** All of them, newest first. */
export class ExceedancesPart {
  #found = null;
  #more = false;
  #days = 1;
  #kind = "";
  #drawn = "";
  #names = new Map();

  constructor({ request, now_ms, refresh }) {
    Object.assign(this, { request, now_ms, refresh, judged_ms: 0, read_ms: 0, problem: "" });
    this.bar = element("div", "em-filter");
    this.list = element("div", "em-cards");
    this.node = node("section", "em-part", this.bar, this.list);
    this.cards = new ExceedanceCards(request, (one) => {
      const link = this.#names.get(one.source);
      return [link?.enterprise_name, link?.name || one.source].filter(Boolean).join(" · ");
    });
  }

  forget() {
    Object.assign(this, { judged_ms: 0, read_ms: 0, problem: "" });
    this.#found = null;
    this.#drawn = "";
  }

  async load() {
    const from = iso(this.now_ms() - this.#days * DAY_MS);
    const [page, outlets] = await Promise.all([
      this.request("GET", `/emissions/exceedances?from=${from}&limit=200${this.#kind ? `&kind=${this.#kind}` : ""}`),
      this.request("GET", "/emissions/outlets"),
    ]);
    this.#found = page.items;
    this.#more = page.next !== null;
    this.judged_ms = judgedTo(outlets.items);
    this.#names = new Map(outlets.items.map((one) => [one.source, one]));
  }

  draw() {
    const w = words();
    if (!this.#found) return this.list.replaceChildren(element("p", "em-empty", this.problem ? "" : w.loading));
    const seen = JSON.stringify([w.index, this.#days, this.#kind, this.#found]);
    if (seen === this.#drawn) return;
    this.#drawn = seen;
    const again = () => {
      this.#drawn = "";
      this.refresh();
    };
    const span = choice(w.from, [["1", w.last24], ["7", w.lastWeek]], String(this.#days), (value) => {
      this.#days = Number(value);
      again();
    });
    const kinds = choice(w.kind, [["", `${w.exceedances}`], ...Object.entries(w.exceedanceKinds)], this.#kind, (value) => {
      this.#kind = value;
      again();
    });
    span.dataset.key = "exceedance span";
    kinds.dataset.key = "exceedance kind";
    const query = { from: iso(this.now_ms() - this.#days * DAY_MS), to: iso(this.now_ms()) };
    this.bar.replaceChildren(
      span, kinds, element("span", "hint", `${w.lettersCount(this.#found.length, this.#more)}${this.#more ? ` · ${w.more}` : ""}`),
      downloads(w.exceedanceReport, "/reports/exceedances", query, ["pdf", "xlsx", "csv"]),
    );
    if (!this.#found.length) return this.list.replaceChildren(element("p", "em-empty", `✓ ${w.noExceedances}`));
    this.list.replaceChildren(
      ...this.#found.map((one) => {
        const card = this.cards.card(one);
        card.append(button(w.openOutlet(this.#names.get(one.source)?.name || one.source), "em-small", () => (location.hash = `#emissions/outlet/${one.source}`), `go ${one.id}`));
        return card;
      }),
    );
  }
}
