/* The list of standing alerts. Rows are made once and changed in place; the order is looked at once a frame. */

import { request } from "./api.js";
import { element, full, moment, number, setText, span } from "./format.js";
import { words } from "./words.js";
import { followers } from "@/flood";
import { why } from "@/why";

const URGENCY = { unack: 0, rtnun: 1, acked: 2 };
export const STATE_SIGN = { unack: "●", acked: "✓", rtnun: "↩", shelved: "‖", suppressed: "⊘", out_of_service: "⊗" };
/* After rows have moved, an acknowledgement within this time may hit another row than the one that was aimed at. */
const MOVED_MS = 400;
/* Rows have one height, in rem as the style sheet says, so that of thousands only those in sight are drawn, and some
   beyond either edge. */
const ROW_REM = 3.4, BEYOND = 15;
/* Between two looks at the order: two hundred changes a second must leave time for the keyboard. */
const DRAW_EVERY_MS = 200;
/* With thousands of alarms nobody reads the list; it is looked at less often, so that every key is still heard at once. */
const MANY = 1_000, DRAW_MANY_EVERY_MS = 500;
/* By alert: what the order compares, so that thousands are sorted by numbers. */
const RANKS = new WeakMap();

function rank(alert) {
  let found = RANKS.get(alert);
  if (!found) RANKS.set(alert, (found = [(URGENCY[alert.state] ?? 3) * 10 + alert.priority, -Date.parse(alert.raised)]));
  return found;
}

const by = (text) => (a, b) => text(a).localeCompare(text(b), "zh-CN") || compare(a, b);
/* By the column that was pressed; without one, by what wants attention first. */
const ORDERS = {
  what: by((one) => one.target_name || one.target),
  where: by((one) => `${one.enterprise_name || one.enterprise} ${one.source_name || one.source}`),
  onset: (a, b) => Date.parse(b.onset) - Date.parse(a.onset) || compare(a, b),
};

function compare(a, b) {
  const [urgencyA, raisedA] = rank(a);
  const [urgencyB, raisedB] = rank(b);
  return urgencyA - urgencyB || raisedA - raisedB || (a.id < b.id ? -1 : 1);
}

class Row {
  constructor(list, alert) {
    this.list = list;
    this.node = element("div", "row alert");
    this.node.setAttribute("role", "row");
    this.node.tabIndex = -1;
    const cell = (className) => {
      const made = element("div", className);
      made.setAttribute("role", "cell");
      this.node.append(made);
      return made;
    };
    this.priority = cell("priority");
    this.badge = this.priority.appendChild(element("span", "badge"));
    this.priorityText = this.priority.appendChild(element("span", "priority-text"));
    this.state = cell("state");
    this.stateSign = this.state.appendChild(element("span", "state-sign"));
    this.stateText = this.state.appendChild(element("span"));
    const what = cell("what");
    this.level = what.appendChild(element("span", "level"));
    this.name = what.appendChild(element("b"));
    this.target = what.appendChild(element("span", "id"));
    const where = cell("where");
    this.source = where.appendChild(element("b"));
    this.enterprise = where.appendChild(element("span", "id"));
    const value = cell("value");
    this.value = value.appendChild(element("b"));
    this.limit = value.appendChild(element("span", "id"));
    const since = cell("since");
    this.onset = since.appendChild(element("b"));
    this.age = since.appendChild(element("span", "id"));
    const reason = cell("why");
    this.unverified = reason.appendChild(element("span", "mark unverified"));
    this.first = reason.appendChild(element("span", "mark first"));
    this.chatter = reason.appendChild(element("span", "mark chatter"));
    this.late = reason.appendChild(element("span", "mark late"));
    this.why = reason.appendChild(element("span"));
    this.button = cell("act").appendChild(element("button", "ack"));
    this.button.addEventListener("click", (event) => {
      event.stopPropagation();
      this.list.acknowledge(this);
    });
    this.node.addEventListener("click", () => this.list.select(this.alert.id, true));
    this.update(alert);
  }

  update(alert) {
    const w = words();
    this.alert = alert;
    this.node.className = `row alert p${alert.priority} ${alert.state}${this.list.selected === alert.id ? " selected" : ""}`;
    setText(this.badge, String(alert.priority));
    setText(this.priorityText, w.priorities[alert.priority] ?? "");
    setText(this.stateSign, STATE_SIGN[alert.state] ?? "");
    setText(this.stateText, w.states[alert.state] ?? alert.state);
    this.level.hidden = !alert.level;
    setText(this.level, alert.level);
    // Without sides the alarm is about a fault or a condition: the rule's name says more than the tag's.
    const name = alert.rule === "stop-work" ? w.stopWork : (!alert.side && alert.rule_name) || alert.target_name;
    setText(this.name, name || alert.target);
    setText(this.target, name ? alert.target : "");
    setText(this.source, alert.source_name || alert.source);
    setText(this.enterprise, alert.enterprise_name || alert.enterprise);
    setText(this.value, alert.value === null ? "—" : `${number(alert.value)} ${alert.unit}`);
    const peak = alert.peak !== null && alert.peak !== alert.value ? ` · ${w.peak} ${number(alert.peak)}` : "";
    const sign = alert.side === "low" ? "<" : alert.side === "high" ? ">" : "";
    setText(this.limit, alert.limit === null ? "" : `${sign} ${number(alert.limit)}${peak}`);
    this.unverified.hidden = !alert.unverified;
    setText(this.unverified, `? ${w.unverified}`);
    this.unverified.title = w.unverifiedTitle;
    this.late.hidden = !alert.detected_late;
    setText(this.late, `◷ ${w.late}`);
    this.late.title = w.lateTitle(full(alert.detected));
    setText(this.first, alert.first_out ? `① ${w.firstOut}` : `↳ ${w.follows}`);
    this.chatter.hidden = !alert.chattering;
    setText(this.chatter, `≋ ${w.chatter}`);
    setText(this.why, why(alert.why));
    this.why.title = alert.why;
    this.node.title = "";
    const open = alert.state === "unack" || alert.state === "rtnun";
    this.button.hidden = !open || !this.list.mayAct;
    this.button.disabled = this.busy === true;
    setText(this.button, this.busy ? w.acking : w.ack(alert.level));
    this.button.title = w.ackTitle(alert.level);
    this.tick(this.list.now_ms());
  }

  tick(now_ms) {
    setText(this.onset, moment(this.alert.onset, now_ms));
    setText(this.age, words().ago(span((now_ms - Date.parse(this.alert.onset)) / 1e3)));
  }
}

/** Shows alerts, lets one be selected and acknowledged. */
export class AlertList {
  #alerts = new Map();
  #rows = new Map();
  #due = false;
  #moved_ms = 0;
  #filter = "";
  #sorted = [];
  #drawn_ms = 0;

  constructor({ rows, counts, none, announce, now_ms, onOpen, onProblem, onUnacked, onFolded }) {
    Object.assign(this, { rows, counts, none, announce, now_ms, onOpen, onProblem, onUnacked, onFolded });
    this.isFolding = false;
    this.order_ = "";
    this.selected = null;
    this.mayAct = false;
    this.order = [];
    this.grid = rows.parentElement;
    this.above = element("div");
    this.below = element("div");
    rows.before(this.above);
    rows.after(this.below);
    this.grid.addEventListener("scroll", () => requestAnimationFrame(() => this.#place()), { passive: true });
    new ResizeObserver(() => this.#place()).observe(this.grid);
  }

  replace(alerts) {
    this.#alerts = new Map(alerts.map((one) => [one.id, one]));
    this.#schedule();
  }

  get(id) {
    return this.#alerts.get(id);
  }

  put(alert) {
    const known = this.#alerts.get(alert.id);
    if (known && known.seq > alert.seq) return;
    if (alert.state === "norm") this.#alerts.delete(alert.id);
    else this.#alerts.set(alert.id, alert);
    if (alert.state === "unack" && known?.state !== "unack") {
      this.announce.textContent = words().newAlert(alert.level, alert.target_name || alert.target);
    }
    this.#schedule();
  }

  /** In a flood what follows the first of its group, and is neither HH, LL nor urgent, may be folded away. */
  fold(isFolding) {
    if (this.isFolding === isFolding) return;
    this.isFolding = isFolding;
    this.#schedule();
  }

  /** By a column of `ORDERS`; again by the same one, or by another column: as usual. */
  sortBy(column) {
    this.order_ = this.order_ === column || !ORDERS[column] ? "" : column;
    this.#schedule();
    return this.order_;
  }

  filter(text) {
    this.grid.scrollTop = 0;
    this.#filter = text.trim().toLowerCase();
    this.#schedule();
  }

  redraw() {
    for (const row of this.#rows.values()) row.update(row.alert);
    this.#schedule();
  }

  tick() {
    const now_ms = this.now_ms();
    for (const row of this.#rows.values()) row.tick(now_ms);
  }

  #schedule() {
    if (this.#due) return;
    this.#due = true;
    const every_ms = this.#alerts.size > MANY ? DRAW_MANY_EVERY_MS : DRAW_EVERY_MS;
    const wait_ms = Math.max(0, this.#drawn_ms + every_ms - performance.now());
    setTimeout(() => {
      this.#due = false;
      this.#draw();
      this.#drawn_ms = performance.now();
    }, wait_ms);
  }

  #matches(alert) {
    if (!this.#filter) return true;
    const w = words();
    const text = [
      ...[alert.target, alert.target_name, alert.source, alert.source_name, alert.enterprise, alert.enterprise_name],
      ...[alert.level, alert.rule, alert.rule_name, w.states[alert.state], w.priorities[alert.priority]],
    ].join(" ").toLowerCase();
    return this.#filter.split(/\s+/).every((word) => text.includes(word));
  }

  #draw() {
    const follows = followers(this.#alerts.values());
    const matching = [...this.#alerts.values()].filter((one) => this.#matches(one));
    const all = (this.isFolding ? matching.filter((one) => !follows(one)) : matching).sort(ORDERS[this.order_] ?? compare);
    this.onFolded?.(matching.length - all.length, matching.filter(follows).length);
    this.#sorted = all;
    this.order = all.map((one) => one.id);
    this.#place();
    this.none.hidden = all.length > 0;
    this.none.lastElementChild.textContent = this.#alerts.size ? words().noMatch : words().noAlerts;
    this.#drawCounts();
  }

  /* The rows in sight, where they belong. */
  #place() {
    const all = this.#sorted;
    const row_px = ROW_REM * parseFloat(getComputedStyle(document.documentElement).fontSize);
    const first = Math.max(0, Math.min(all.length, Math.floor(this.grid.scrollTop / row_px)) - BEYOND);
    const shown = all.slice(first, first + Math.ceil(this.grid.clientHeight / row_px) + 2 * BEYOND);
    this.above.style.height = `${first * row_px}px`;
    this.below.style.height = `${(all.length - first - shown.length) * row_px}px`;
    const wanted = new Set(shown.map((one) => one.id));
    for (const [id, row] of this.#rows) {
      if (wanted.has(id)) continue;
      row.node.remove();
      this.#rows.delete(id);
      this.#moved_ms = performance.now();
    }
    const members = new Map();
    for (const one of this.#alerts.values()) members.set(one.group, (members.get(one.group) ?? 0) + 1);
    let next = this.rows.firstElementChild;
    for (const alert of shown) {
      let row = this.#rows.get(alert.id);
      if (!row) this.#rows.set(alert.id, (row = new Row(this, alert)));
      else if (row.alert !== alert) row.update(alert);
      row.first.hidden = !alert.group || members.get(alert.group) < 2;
      if (row.node === next) next = next.nextElementSibling;
      else {
        this.rows.insertBefore(row.node, next);
        this.#moved_ms = performance.now();
      }
    }
  }

  /** The row of an alert, scrolled to where it is drawn. */
  #reveal(id) {
    const at = this.order.indexOf(id);
    if (at >= 0 && !this.#rows.has(id)) {
      this.grid.scrollTop = (this.grid.scrollHeight / this.order.length) * at - this.grid.clientHeight / 2;
      this.#place();
    }
    return this.#rows.get(id);
  }

  #drawCounts() {
    const counts = {};
    for (const one of this.#alerts.values()) counts[one.state] = (counts[one.state] ?? 0) + 1;
    const states = Object.keys(words().states).filter((state) => counts[state] || URGENCY[state] !== undefined);
    this.counts.replaceChildren(
      ...states.map((state) => {
        const made = element("span", `count ${state}${counts[state] ? "" : " zero"}`);
        made.append(element("span", "state-sign", STATE_SIGN[state]), element("b", "", String(counts[state] ?? 0)));
        made.append(element("span", "", words().states[state]));
        return made;
      }),
    );
    const unacked = counts.unack ?? 0;
    this.onUnacked?.(unacked, [...this.#alerts.values()].filter((one) => one.state === "unack"));
    document.title = `${unacked ? `(${unacked}) ` : ""}${this.parkName ?? ""} ${words().title}`;
  }

  select(id, open = false) {
    this.#rows.get(this.selected)?.node.classList.remove("selected");
    this.selected = id;
    const row = this.#reveal(id);
    row?.node.classList.add("selected");
    row?.node.scrollIntoView({ block: "nearest" });
    if (open && row) this.onOpen(id);
  }

  step(by) {
    if (!this.order.length) return;
    const at = this.order.indexOf(this.selected);
    this.select(this.order[at < 0 ? 0 : Math.min(this.order.length - 1, Math.max(0, at + by))]);
  }

  /** All that are to be seen and wait, or all of the selected one's first-out group; each at the level that it shows. */
  async acknowledgeAll(which) {
    const group = this.#alerts.get(this.selected)?.group;
    const box = this.rows.parentElement.getBoundingClientRect();
    const rows = [...this.#rows.values()].filter((row) => {
      if (row.button.hidden || row.busy) return false;
      if (which === "group") return row.alert.group === group;
      const { top, bottom } = row.node.getBoundingClientRect();
      return bottom > box.top && top < box.bottom;
    });
    for (const row of rows) await this.acknowledge(row, { aimed: true });
  }

  openSelected() {
    if (this.#rows.has(this.selected)) this.onOpen(this.selected);
  }

  /** The selection goes on to the next row: the acknowledged one moves away. */
  async acknowledgeSelected() {
    const row = this.#rows.get(this.selected);
    // Nobody acknowledges what they do not see: first it is shown.
    if (!row) this.#reveal(this.selected);
    if (!row || row.button.hidden) return;
    const next = this.order[this.order.indexOf(row.alert.id) + 1];
    const done = await this.acknowledge(row, { aimed: true });
    if (done && this.selected === row.alert.id && next) this.select(next);
  }

  /** With the level that the row shows: the service refuses where a worse one has come meanwhile. */
  async acknowledge(row, { aimed = false } = {}) {
    if (row.busy) return false;
    if (!aimed && performance.now() - this.#moved_ms < MOVED_MS) {
      this.onProblem(words().moved);
      return false;
    }
    const { id, level } = row.alert;
    row.busy = true;
    row.update(row.alert);
    try {
      this.put(await request("POST", `/alerts/${id}/ack`, { level }));
      return true;
    } catch (problem) {
      this.onProblem(`${words().failed}: ${problem.message}`);
      return false;
    } finally {
      row.busy = false;
      row.update(this.#alerts.get(id) ?? row.alert);
    }
  }
}


