/* Ranking by how well data is delivered: the last 24 whole hours. */

import { element } from "./format.js";
import { DAY_MS, HOUR_MS, choice, downloads, iso, node, percent, shareBar, shortTime, table } from "./pieces.js";
import { words } from "./words.js";

export class RatesPart {
  #found = null;
  #by = "device";
  #span = [0, 0];
  #drawn = "";

  constructor({ request, now_ms, refresh }) {
    Object.assign(this, { request, now_ms, refresh, read_ms: 0, problem: "" });
    this.bar = element("div", "em-filter");
    this.list = element("div", "em-list");
    this.node = node("section", "em-part", this.bar, this.list);
  }

  forget() {
    Object.assign(this, { read_ms: 0, problem: "" });
    this.#found = null;
    this.#drawn = "";
  }

  async load() {
    const to_ms = Math.floor(this.now_ms() / HOUR_MS) * HOUR_MS;
    const span = [to_ms - DAY_MS, to_ms];
    const by = this.#by;
    const { items } = await this.request("GET", `/emissions/rates?by=${by}&from=${iso(span[0])}&to=${iso(span[1])}`);
    if (by !== this.#by) return;
    this.#found = items;
    this.#span = span;
  }

  draw() {
    const w = words();
    if (!this.#found) return this.list.replaceChildren(element("p", "em-empty", this.problem ? "" : w.loading));
    const seen = JSON.stringify([w.index, this.#by, this.#span, this.#found]);
    if (seen === this.#drawn) return;
    this.#drawn = seen;
    const by = choice(w.rateBy, Object.entries(w.rateGroups), this.#by, (value) => {
      this.#by = value;
      this.refresh();
    });
    by.dataset.key = "rates by";
    const query = { from: iso(this.#span[0]), to: iso(this.#span[1]), by: this.#by };
    this.bar.replaceChildren(
      by, element("b", "", w.lastDay), element("span", "hint", w.ratesSpan(...this.#span.map((ms) => shortTime(iso(ms))))),
      downloads(w.rateReport, "/reports/online", query, ["pdf", "xlsx", "csv"]),
    );
    if (!this.#found.length) return this.list.replaceChildren(element("p", "em-empty", w.ratesNone));
    this.list.replaceChildren(this.#table());
  }

  #table() {
    const w = words();
    const head = [
      [w.rank, "num"], [w.rateColumns[this.#by]], [w.rate, "", w.rateTitle], [w.transmission, "num"], [w.validRate, "num"], [w.efficiency, "num"],
      [w.offlineHours, "num"], [w.outages, "num"], [w.agreement, "num"], [w.exceedanceCount, "num"], [w.score, "num"],
    ];
    return table("em-rates", w.tabNames.rates, head, this.#found.map((one, k) => [
      String(k + 1),
      node("div", "", element("b", "", one.name), one.name === one.enterprise_name ? "" : element("span", "id", [one.enterprise_name, one.source !== one.name ? one.source : ""].filter(Boolean).join(" · "))),
      one.online_rate === null ? "—" : shareBar(one.online_rate, { limitAt: 1 }),
      percent(one.transmission_rate), percent(one.valid_rate), percent(one.transmission_efficiency),
      node("div", "", `${one.offline} / ${one.hours}`, one.refilled_minutes ? element("span", "id", `↻ ${w.refilledMinutes(one.refilled_minutes)}`) : ""),
      node("div", "", String(one.outages), one.longest_outage ? element("span", "id", `${w.longest} ${w.hoursShort(one.longest_outage)}`) : ""),
      one.agreement !== null && one.agreement < 1 ? `≠ ${percent(one.agreement)}` : percent(one.agreement),
      one.exceedances ? `▲ ${one.exceedances}` : "0",
      element("b", "", one.score === null ? "—" : one.score.toFixed(1)),
    ]));
  }
}
