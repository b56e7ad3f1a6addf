/* Hour and day means of one tag as tables: with and without marks side by side, and every revision on request. */

import { element, full, number, setText } from "./format.js";
import { DAY_MS, HOUR_MS, button, iso, node, percent, shortTime, table, tableRow } from "./pieces.js";
import { flagText, shareOf, standing } from "./standing.js";
import { words } from "./words.js";

const LENGTH_MS = { hour: HOUR_MS, day: DAY_MS };

export class HourTable {
  #revisions = new Map();
  #drawnArguments = null;

  constructor({ request, say }) {
    Object.assign(this, { request, say });
    this.title = element("h3");
    this.hours = element("div", "em-list");
    this.daysTitle = element("h3");
    this.days = element("div", "em-list");
    this.node = node("section", "em-block", this.title, this.hours, this.daysTitle, this.days);
  }

  forget() {
    this.#revisions = new Map();
  }

  draw(tag, hours, days) {
    const w = words();
    this.#drawnArguments = [tag, hours, days];
    setText(this.title, w.judgements);
    setText(this.daysTitle, w.days);
    this.hours.replaceChildren(hours.length ? this.#table(tag, hours, tag.hour_limit, w.judgements) : element("p", "hint", w.notJudged));
    this.days.replaceChildren(days.length ? this.#table(tag, days, tag.day_limit, w.days) : element("p", "hint", w.noDays));
  }

  #table(tag, means, limit, label) {
    const w = words();
    const head = [
      [w.hour], [`${w.everyMean} (${tag.unit})`, "num"], [w.share, "num"], [w.state], [w.unmarkedMean, "num"], [w.share, "num"], [w.state],
      [means[0].period === "day" ? w.provisionalDay : w.minutesValid, "num"], [w.flag], [w.reported, "num"], [w.agrees], [w.revision],
    ];
    const rows = [...means].reverse().flatMap((mean) => [this.#row(head, mean, limit), ...this.#earlier(head, mean, limit)]);
    return table("em-hours", label, head, rows);
  }

  #row(head, mean, limit, className = "") {
    const w = words();
    const found = standing(mean, limit);
    const whole = mean.period === "hour" ? 60 : 24;
    const signed = (value, over) => (over ? `▲ ${number(value)}` : number(value));
    const overEvery = found.overMarked || (found.over && found.share > 1) || (found.over && limit.lower !== null);
    const every = node("div", "", element("b", mean.status === "valid" ? "" : "em-invalid", signed(mean.value, overEvery)));
    if (mean.converted && mean.measured !== null) every.append(element("span", "id", `${w.measured} ${number(mean.measured)}`));
    const made = tableRow(`${className}${found.over ? " over" : ""}`, head, [
      mean.period === "hour" ? `${shortTime(mean.start)}–${shortTime(iso(Date.parse(mean.start) + LENGTH_MS.hour)).slice(6)}` : full(mean.start).slice(0, 10),
      every, shareText(found.share, mean.status), stateText(mean.status),
      element("b", mean.unmarked_status === "valid" ? "" : "em-invalid", signed(mean.unmarked, found.over)),
      shareText(shareOf(mean.unmarked, limit), mean.unmarked_status), stateText(mean.unmarked_status),
      `${mean.parts} / ${whole}`, flagText(mean.flag), mean.reported === null ? "—" : number(mean.reported),
      mean.agrees === null ? element("span", "hint", w.notCompared[mean.not_compared] ?? mean.not_compared) : mean.agrees ? `✓ ${w.yes}` : element("b", "em-odd", `≠ ${w.no}`),
      className ? node("div", "", `${mean.revision}`, element("span", "id", `${w.whys[mean.why] ?? mean.why} · ${full(mean.judged).slice(5, 19)}`)) : this.#revision(mean),
    ]);
    return made;
  }

  #revision(mean) {
    const w = words();
    if (mean.revision < 2) return element("span", "hint", "1");
    const open = this.#revisions.has(keyOf(mean));
    const made = button(open ? `${mean.revision} ▾` : `${mean.revision} ▸`, "em-small", () => this.#toggle(mean), `revisions ${keyOf(mean)}`);
    made.title = open ? w.hideRevisions : w.showRevisions(mean.revision);
    made.setAttribute("aria-expanded", String(open));
    return node("div", "", made, element("span", "id", w.whys[mean.why] ?? mean.why));
  }

  #earlier(head, mean, limit) {
    const known = this.#revisions.get(keyOf(mean)) ?? [];
    return known.filter((one) => one.revision < mean.revision).sort((a, b) => b.revision - a.revision).map((one) => this.#row(head, one, limit, "earlier"));
  }

  async #toggle(mean) {
    const key = keyOf(mean);
    if (this.#revisions.has(key)) this.#revisions.delete(key);
    else {
      const start_ms = Date.parse(mean.start);
      const query = `period=${mean.period}&tag=${encodeURIComponent(mean.tag)}&from=${iso(start_ms)}&to=${iso(start_ms + 1)}&revisions=true`;
      try {
        this.#revisions.set(key, (await this.request("GET", `/emissions/means?${query}`)).items);
      } catch (problem) {
        return this.say(`${words().failed}: ${problem.message}`);
      }
    }
    this.draw(...this.#drawnArguments);
    this.node.querySelector(`[data-key="${CSS.escape(`revisions ${key}`)}"]`)?.focus();
  }
}

const keyOf = (mean) => `${mean.tag} ${mean.period} ${mean.start} ${mean.revision}`;

/* What is not judged has no share that counts. */
const shareText = (share, status) => (status === "valid" ? percent(share) : element("span", "hint", share === null ? "—" : `(${percent(share)})`));

function stateText(status) {
  const sign = { valid: "✓", invalid: "○", stopped: "■", missing: "—", marked: "▨" }[status] ?? "";
  return element("span", status === "valid" ? "em-good" : "em-odd", `${sign} ${words().meanStates[status] ?? status}`);
}
