/* One outlet or station: its day against the limit, both judgements, gaps, exceedances, marks, reports. */

import { barChart, barLegend, strip, stripAxis, stripLegend } from "./chart.js";
import { ExceedanceCards } from "./exceedances.js";
import { element, number } from "./format.js";
import { HourTable } from "./hours.js";
import { Marks } from "./marks.js";
import { tagName } from "./outlets.js";
import { DAY_MS, HOUR_MS, dayOf, downloads, iso, limitText, node, pages, shortTime, sureness } from "./pieces.js";
import { standing } from "./standing.js";
import { words } from "./words.js";

const HOURS = 24;
/* Minutes younger than this may not be judged yet: they are not missing. */
const SETTLED_MS = 2 * 60_000;

export class OutletPart {
  #source = "";
  #own = null;
  #tag = "";
  #found = null;
  #drawn = "";

  constructor(tools) {
    Object.assign(this, tools, { read_ms: 0, problem: "", judged_ms: 0 });
    this.head = element("header", "em-outlet-head");
    this.reports = element("div", "em-reports");
    this.picker = element("div", "em-picker");
    this.chart = element("section", "em-block");
    this.strips = element("section", "em-block");
    this.hours = new HourTable(tools);
    this.over = element("section", "em-block");
    this.cards = new ExceedanceCards(tools.request, (one) => this.#nameOf(one.tag));
    this.marks = new Marks(tools);
    this.empty = element("p", "em-empty");
    this.left = node("div", "em-column", this.chart, this.strips, this.hours.node);
    this.right = node("div", "em-column", this.over, this.marks.node);
    this.content = node("div", "", this.picker, node("div", "em-columns", this.left, this.right));
    this.node = node("section", "em-part", this.head, this.empty, this.content);
    this.day = element("input");
    this.day.type = "date";
    this.day.addEventListener("change", () => this.#drawReports());
  }

  /** `own`: the enterprise of whoever looks; null: the park's. */
  forget(own) {
    this.#source = "";
    this.#own = own;
  }

  /** Turn to this one. */
  of(source) {
    if (source === this.#source) return this;
    this.#source = source;
    this.#tag = "";
    this.#found = null;
    this.#drawn = "";
    Object.assign(this, { read_ms: 0, problem: "", judged_ms: 0 });
    this.marks.of(source);
    this.hours.forget();
    this.day.value = dayOf(this.now_ms());
    return this;
  }

  async load() {
    const source = this.#source;
    const now_ms = this.now_ms();
    const end_ms = Math.floor(now_ms / HOUR_MS) * HOUR_MS;
    const from_ms = end_ms - HOURS * HOUR_MS;
    const of = `source=${encodeURIComponent(source)}`;
    const span = `from=${iso(from_ms)}&to=${iso(now_ms)}`;
    const ask = (path) => this.request("GET", `/emissions/${path}`);
    const [outlets, hours, days, timeline, over, warned, marks, minutes] = await Promise.all([
      ask(`outlets?${of}`), pages(this.request, `/emissions/means?period=hour&${of}&${span}`),
      pages(this.request, `/emissions/means?period=day&${of}&from=${iso(now_ms - 8 * DAY_MS)}&to=${iso(now_ms)}`),
      ask(`timeline?${of}&${span}`), ask(`exceedances?${of}&${span}&kind=hour&kind=day&limit=50`),
      ask(`exceedances?${of}&${span}&kind=warning&limit=30`), ask(`marks?${of}&from=${iso(now_ms - 31 * DAY_MS)}&to=${iso(now_ms + 31 * DAY_MS)}&limit=50`),
      ask(`minutes?${of}&from=${iso(end_ms)}&to=${iso(Math.max(now_ms, end_ms + 1_000))}`),
    ]);
    if (source !== this.#source) return;
    this.#found = {
      outlet: outlets.items[0], hours: hours.items, days: days.items, timeline: timeline.items, over: [...over.items, ...warned.items], more: over.next !== null || warned.next !== null,
      marks: marks.items, minutes: minutes.items, from_ms, end_ms, settled_ms: Math.floor((now_ms - SETTLED_MS) / 60_000) * 60_000,
    };
    const starts = hours.items.map((one) => Date.parse(one.start));
    this.judged_ms = starts.length ? Math.max(...starts) + HOUR_MS : 0;
  }

  draw() {
    const w = words();
    const found = this.#found;
    this.content.hidden = !found;
    this.empty.hidden = Boolean(found);
    if (!found) {
      this.#drawn = "";
      this.#drawHead(null);
      return (this.empty.textContent = this.problem ? "" : w.loading);
    }
    const seen = JSON.stringify([w.index, this.#tag, found]);
    if (seen === this.#drawn) return;
    this.#drawn = seen;
    if (!found.outlet.tags.some((one) => one.tag === this.#tag)) this.#tag = this.#foremost();
    const tag = found.outlet.tags.find((one) => one.tag === this.#tag);
    this.#drawHead(found.outlet);
    this.#drawPicker();
    this.#drawChart(tag);
    this.#drawStrips();
    this.hours.draw(tag, found.hours.filter((one) => one.tag === tag.tag), found.days.filter((one) => one.tag === tag.tag));
    this.#drawOver();
    this.marks.draw(found.marks, found.outlet.tags, tagName, [null, found.outlet.enterprise].includes(this.#own));
  }

  #nameOf(id) {
    const tag = this.#found.outlet.tags.find((one) => one.tag === id);
    return tag ? `${tagName(tag)} · ${id.split(".").at(-1)}` : id;
  }

  /** The tag with the highest share of its limit. */
  #foremost() {
    const { tags } = this.#found.outlet;
    const rank = (tag) => (tag.pollutant ? 1 : 0) + (standing(tag.last_hour, tag.hour_limit ?? tag.day_limit).share ?? 0) * 10;
    return [...tags].sort((a, b) => rank(b) - rank(a))[0].tag;
  }

  #drawHead(outlet) {
    const w = words();
    const back = element("a", "em-back", `← ${w.back}`);
    back.href = "#emissions";
    back.dataset.key = "back";
    if (!outlet) return this.head.replaceChildren(back, element("h2", "", this.#source));
    const facts = outlet.outlet;
    const about = [
      outlet.enterprise_name || outlet.enterprise || w.shared, w.kinds[outlet.kind] ?? outlet.kind, outlet.source,
      facts.reference_oxygen !== null && w.convertedTo(facts.reference_oxygen), facts.stack_height_m && w.stack(facts.stack_height_m),
      facts.standards.length && `${w.judgedBy} ${facts.standards.join(w.comma)}`,
    ];
    const titles = node("div", "", element("h2", "", outlet.name || outlet.source), element("p", "hint", about.filter(Boolean).join(" · ")));
    this.#drawReports();
    this.head.replaceChildren(back, titles, this.reports);
  }

  #drawReports() {
    const w = words();
    const day = this.day.value || dayOf(this.now_ms());
    this.day.setAttribute("aria-label", w.reportDay);
    this.day.dataset.key = "report day";
    const files = (text, span) => downloads(text, "/reports/outlet", { source: this.#source, day, span }, ["pdf", "xlsx"]);
    if (this.day.parentNode !== this.reports) this.reports.replaceChildren(this.day);
    for (const old of this.reports.querySelectorAll("span")) old.remove();
    this.reports.append(files(w.dayReport, "day"), files(w.monthReport, "month"));
  }

  #drawPicker() {
    const w = words();
    this.picker.setAttribute("role", "group");
    this.picker.setAttribute("aria-label", w.pollutants);
    this.picker.replaceChildren(
      ...this.#found.outlet.tags.map((tag) => {
        const found = standing(tag.last_hour, tag.hour_limit);
        const sign = found.over || found.overMarked ? "▲ " : found.near ? "△ " : "";
        const made = node("button", `em-tag${tag.pollutant ? "" : " aside"}${found.over ? " over" : ""}`, sign, element("b", "", tagName(tag)), ` ${tag.last_hour ? number(tag.last_hour.value) : "—"} ${tag.unit}`);
        made.type = "button";
        made.dataset.key = `tag ${tag.tag}`;
        made.setAttribute("aria-pressed", String(tag.tag === this.#tag));
        made.addEventListener("click", () => {
          this.#tag = tag.tag;
          this.draw();
          this.picker.querySelector("[aria-pressed=true]")?.focus();
        });
        return made;
      }),
    );
  }

  #drawChart(tag) {
    const w = words();
    const { hours, from_ms } = this.#found;
    const limit = tag.hour_limit;
    const by = new Map(hours.filter((one) => one.tag === tag.tag).map((one) => [Date.parse(one.start), one]));
    const slots = Array.from({ length: HOURS }, (_, k) => slotOf(by.get(from_ms + k * HOUR_MS), from_ms + k * HOUR_MS, limit, tag.unit));
    slots.push(this.#running(tag, [...by.values()].some((one) => one.converted)));
    const label = `${tagName(tag)} · ${w.dayChart}`;
    const basis = [tag.unit, [...by.values()].some((one) => one.converted) && w.converted].filter(Boolean).join(" · ");
    this.chart.replaceChildren(
      node("h3", "", `${label} `, element("span", "hint", basis)),
      barChart(slots, limit, `${label}. ${limit ? w.limitLine(`${number(limit.limit)} ${limit.unit}`) : w.noLimit}`),
      barLegend(),
      this.#limitText(tag),
    );
  }

  #limitText(tag) {
    const w = words();
    const lines = [tag.hour_limit, tag.day_limit].filter(Boolean).map((one) => `${limitText(one)} · ${w.confidence}: ${sureness(one.facts)}`);
    return node("div", "", ...(lines.length ? lines : tag.pollutant ? [w.noLimitTitle] : []).map((text) => element("p", "hint", text)));
  }

  /** The hour that is not over: what came so far, as measured; nothing where the hours are converted. */
  #running(tag, isConverted) {
    const { minutes, end_ms } = this.#found;
    const valid = minutes.filter((one) => one.tag === tag.tag && one.flag === "N" && one.value !== null);
    const mean = valid.length && !isConverted ? valid.reduce((sum, one) => sum + one.value, 0) / valid.length : null;
    const text = `${words().runningHour}: ${mean === null ? "—" : `${number(mean)} ${tag.unit}`} (${valid.length} / 60)\n${words().runningTitle}`;
    return { start_ms: end_ms, value: mean, state: "running", over: false, marked: false, revision: 1, text };
  }

  #drawStrips() {
    const w = words();
    const { timeline, outlet, from_ms, settled_ms } = this.#found;
    const by = new Map(timeline.map((one) => [one.tag, one.segments]));
    const rows = outlet.tags.flatMap((tag) => {
      const name = element("span", "em-strip-name", tagName(tag));
      name.title = tag.tag;
      return [name, strip(by.get(tag.tag) ?? [], from_ms, settled_ms, tagName(tag))];
    });
    this.strips.replaceChildren(
      node("h3", "", `${w.timeline} `, element("span", "hint", `${shortTime(iso(from_ms))} – ${shortTime(iso(settled_ms))}`)),
      node("div", "em-strips", ...rows, element("span"), stripAxis(from_ms, settled_ms)), stripLegend(),
    );
  }

  #drawOver() {
    const w = words();
    const { over, more } = this.#found;
    this.over.replaceChildren(
      node("h3", "", `${w.exceedances} · ${w.last24} `, over.length ? element("span", "hint", `${over.length}${more ? "+" : ""}`) : ""),
      over.length ? node("div", "em-cards em-scroll", ...over.map((one) => this.cards.card(one))) : element("p", "hint", `✓ ${w.noExceedances}`),
    );
  }
}

/** What `barChart` draws of an hour; `mean` undefined: nothing was judged. */
function slotOf(mean, start_ms, limit, unit) {
  const w = words();
  const time = `${shortTime(iso(start_ms))}–${shortTime(iso(start_ms + HOUR_MS)).slice(6)}`;
  if (!mean) return { start_ms, value: null, state: null, over: false, marked: false, revision: 1, text: `${time}: ${w.notJudged}` };
  const found = standing(mean, limit);
  const said = [
    `${time}: ${number(mean.value)} ${unit} · ${w.meanStates[mean.status]}`, found.over && `▲ ${w.over}`, found.overMarked && `▲ ${w.overMarked}`,
    mean.marked && `${w.markedMinutes(mean.marked)} · ${w.withoutMarks(number(mean.unmarked))}`, mean.revision > 1 && w.revised(mean.revision),
    `${w.minutesValid} ${mean.parts} / 60 · ${mean.flag || "–"} ${w.flags[mean.flag] ?? ""}`,
  ];
  return {
    start_ms, value: mean.value, state: mean.status, over: found.over, overMarked: found.overMarked, marked: mean.marked > 0, revision: mean.revision,
    text: said.filter(Boolean).join("\n"),
  };
}
