/* Around the alerts: connectors, live values, the details of one alert. */

import { onDuty } from "@/session/session";
import { request } from "./api.js";
import { AsideForm } from "./ledger.js";
import { element, full, number, setText, span } from "./format.js";
import { words } from "./words.js";
import { why } from "@/why";

/* Connectors that have a chip of their own; of more, only those that are not well, and how many are. */
const MOST_CHIPS = 12, MOST_TROUBLED = 8;
const CONNECTOR_SIGN = { connected: "●", starting: "…", degraded: "▲", disconnected: "✕", stopped: "■" };
/* Sources and tags shown at most, and tags a source. */
const MOST_SOURCES = 120;
const TAGS_A_SOURCE = 4;

/** Chips: one a connector, and the database. */
export class Strip {
  #chips = new Map();

  constructor(node) {
    this.node = node;
    this.store = this.#chip("store");
  }

  #chip(id) {
    const chip = element("div", "chip");
    const parts = { chip, sign: element("span", "sign"), name: element("b"), text: element("span") };
    chip.append(parts.sign, parts.name, parts.text);
    this.node.append(chip);
    this.#chips.set(id, parts);
    return parts;
  }

  connectors(all) {
    const w = words();
    const troubled = all.filter((one) => one.state !== "connected");
    const items = all.length > MOST_CHIPS ? troubled.slice(0, MOST_TROUBLED) : all;
    const ids = new Set(items.map((one) => `c ${one.id}`));
    for (const [id, parts] of this.#chips) {
      if (id.startsWith("c ") && !ids.has(id)) {
        parts.chip.remove();
        this.#chips.delete(id);
      }
    }
    for (const one of items) {
      const parts = this.#chips.get(`c ${one.id}`) ?? this.#chip(`c ${one.id}`);
      parts.chip.className = `chip ${one.state}`;
      parts.chip.title = [one.kind, one.last_error, ...Object.entries(one.bad_addresses).map((pair) => pair.join(": "))]
        .filter(Boolean).slice(0, 12).join("\n");
      setText(parts.sign, CONNECTOR_SIGN[one.state] ?? "?");
      setText(parts.name, one.id);
      const silent = one.silent_s !== null && one.silent_s > 5 ? ` · ${w.ago(span(one.silent_s))}` : "";
      setText(parts.text, `${w.connectorStates[one.state] ?? one.state}${silent}`);
    }
    this.#others(all.filter((one) => !items.includes(one)));
  }

  /* Those without a chip, by state. */
  #others(rest) {
    const counts = new Map();
    for (const one of rest) counts.set(one.state, (counts.get(one.state) ?? 0) + 1);
    const w = words();
    this.others ??= element("span", "others");
    this.others.replaceChildren(
      ...[...counts].map(([state, count]) => element("span", `chip ${state}`, `${CONNECTOR_SIGN[state] ?? "?"} ${w.connectorStates[state] ?? state} ${count}`)),
    );
    this.node.append(this.others);
  }

  status(status) {
    const w = words();
    const down = status.store.state === "down";
    const behind = status.store.lag_s > 10;
    this.store.chip.className = `chip ${down ? "disconnected" : behind ? "degraded" : "connected"}`;
    setText(this.store.sign, CONNECTOR_SIGN[down ? "disconnected" : behind ? "degraded" : "connected"]);
    setText(this.store.name, w.store);
    const lag = behind ? ` · ${w.lag(span(status.store.lag_s))}` : "";
    setText(this.store.text, `${down ? w.storeDown : w.connectorStates.connected}${lag}`);
  }
}

/** A few tags of every source, with what they measure now. */
export class Values {
  #rows = new Map();

  constructor(node) {
    this.node = node;
    this.tags = [];
  }

  async load() {
    const [{ items: sources }, { items: tags }] = await Promise.all([
      request("GET", "/sources"),
      request("GET", "/tags?limit=5000"),
    ]);
    const bySource = Map.groupBy ? Map.groupBy(tags, (tag) => tag.source) : groupBy(tags);
    this.node.replaceChildren();
    this.#rows.clear();
    for (const source of sources.filter((one) => bySource.has(one.id)).slice(0, MOST_SOURCES)) {
      const card = element("section", "card");
      const head = element("h3", "", source.name || source.id);
      head.title = source.id;
      if (source.grade) head.append(element("span", "grade", ["", "一级", "二级", "三级", "四级"][source.grade]));
      card.append(head);
      const ranked = bySource.get(source.id).sort((a, b) => Object.keys(b.limits).length - Object.keys(a.limits).length);
      for (const tag of ranked.slice(0, TAGS_A_SOURCE)) card.append(this.#row(tag));
      this.node.append(card);
    }
    this.tags = [...this.#rows.keys()];
  }

  #row(tag) {
    const row = { tag, node: element("div", "tag"), name: element("span", "tag-name", tag.name || tag.id.split(".").at(-1)) };
    row.sign = element("span", "tag-sign");
    row.value = element("b");
    row.unit = element("span", "unit", tag.unit);
    row.node.title = `${tag.id}\n${Object.entries(tag.limits).map(([level, limit]) => `${level} ${limit}`).join("  ")}`;
    row.node.append(row.name, row.sign, row.value, row.unit);
    this.#rows.set(tag.id, row);
    this.#show(row, tag.time, tag.value, tag.quality);
    return row.node;
  }

  update({ tag, time, value, quality }) {
    tag.forEach((id, k) => {
      const row = this.#rows.get(id);
      if (row) this.#show(row, time[k], value[k], quality[k]);
    });
  }

  #show(row, time, value, quality) {
    row.time_ms = time ? Date.parse(time) : null;
    row.value_ = value;
    row.quality = quality;
    const level = levelOf(row.tag.limits, value);
    const bad = !quality || quality.startsWith("bad");
    row.level = level;
    row.bad = bad;
    setText(row.value, number(value));
    setText(row.sign, bad ? "✕" : level ? `${level.startsWith("H") ? "▲" : "▼"} ${level}` : quality.startsWith("uncertain") ? "?" : "");
    row.sign.title = quality ?? "";
    row.node.className = `tag${bad ? " bad" : ""}${level && !bad ? ` beyond ${level}` : ""}`;
  }

  tick(now_ms) {
    for (const row of this.#rows.values()) {
      const old = row.time_ms === null || now_ms - row.time_ms > 60_000;
      row.node.classList.toggle("old", old);
      if (old) setText(row.sign, row.time_ms === null ? words().noValue : `◷ ${span((now_ms - row.time_ms) / 1e3)}`);
    }
  }
}

function groupBy(tags) {
  const groups = new Map();
  for (const tag of tags) groups.set(tag.source, [...(groups.get(tag.source) ?? []), tag]);
  return groups;
}

function levelOf(limits, value) {
  if (value === null || value === undefined) return "";
  if (value > (limits.HH ?? Infinity)) return "HH";
  if (value > (limits.H ?? Infinity)) return "H";
  if (value < (limits.LL ?? -Infinity)) return "LL";
  return value < (limits.L ?? -Infinity) ? "L" : "";
}

function linked(text, to) {
  const made = element("dd");
  const link = element("a", "", text);
  link.href = to;
  made.append(link);
  return made;
}

/** One alert: what is known of it and all that happened. */
export class Detail {
  constructor(onProblem, onAlert) {
    this.node = document.getElementById("detail");
    this.id = null;
    this.aside = new AsideForm(onProblem, onAlert);
    document.getElementById("detail-close").addEventListener("click", () => this.close());
    document.getElementById("comment-form").addEventListener("submit", async (event) => {
      event.preventDefault();
      const input = document.getElementById("comment");
      try {
        onAlert(await request("POST", `/alerts/${this.id}/comment`, { comment: input.value }));
        input.value = "";
        await this.open(this.id);
      } catch (problem) {
        onProblem(`${words().failed}: ${problem.message}`);
      }
    });
  }

  async open(id) {
    this.id = id;
    this.node.hidden = false;
    let found;
    try {
      found = await request("GET", `/alerts/${id}`);
    } catch (problem) {
      if (this.id === id) setText(document.getElementById("detail-note"), problem.message);
      return;
    }
    if (this.id === id) this.#show(found);
  }

  close() {
    this.id = null;
    this.node.hidden = true;
  }

  /** Cases that this alert is part of. */
  async #showCases(id) {
    const node = document.getElementById("detail-cases");
    const { items } = await request("GET", `/cases?alert=${id}`).catch(() => ({ items: [] }));
    if (this.id !== id) return;
    node.hidden = items.length === 0;
    node.replaceChildren(
      ...items.map((one) => {
        const link = element("a", "", `${words().viewCases} ${one.number}`);
        link.href = `#cases/${one.id}`;
        return link;
      }),
    );
  }

  #show({ alert, events, events_complete }) {
    const w = words();
    setText(document.getElementById("detail-title"), `${alert.rule === "stop-work" ? w.stopWork : (!alert.side && alert.rule_name) || alert.target_name || alert.target} ${alert.level}`);
    const facts = [
      [w.where, `${alert.enterprise_name || alert.enterprise} · ${alert.source_name || alert.source}`, alert.source && `#park/source/${alert.source}`],
      [w.what, alert.target],
      [w.value, `${number(alert.value)} ${alert.unit} · ${w.limit} ${number(alert.limit)} · ${w.peak} ${number(alert.peak)}`],
      [w.why, why(alert.why)], ...(alert.guidance ? [[w.guidance, alert.guidance]] : []),
      ...(alert.standard ? [[w.standard, alert.standard]] : []),
      [w.onsetLong, full(alert.onset)], [w.raised, full(alert.raised)], [w.detected, full(alert.detected)],
      [w.cleared, full(alert.cleared)], [w.by, alert.acked_by || "—"], [w.rule, alert.rule_name ? `${alert.rule_name} (${alert.rule})` : alert.rule],
      [w.firstOut, alert.first_out ? w.isFirst : alert.group ? w.isNotFirst : "—"],
    ];
    document.getElementById("detail-facts").replaceChildren(
      ...facts.flatMap(([name, text, to]) => [element("dt", "", name), to ? linked(text, to) : element("dd", "", text)]),
    );
    this.aside.show(alert);
    document.getElementById("dispatch").hidden = !onDuty.value;
    this.#showCases(alert.id);
    setText(document.getElementById("detail-note"), events_complete ? "" : w.incomplete);
    document.getElementById("detail-events").replaceChildren(
      ...events.map((event) => {
        const item = element("li", `of-${event.trigger}`);
        item.append(element("time", "", full(event.effective).slice(5, 19)));
        item.append(element("b", "", `${w.triggers[event.trigger] ?? event.trigger} ${event.level}`));
        item.append(element("span", "actor", event.actor === "engine" ? w.engine : event.actor));
        if (event.reason) item.append(element("p", "", event.actor === "engine" ? why(event.reason) : event.reason));
        return item;
      }),
    );
  }
}
