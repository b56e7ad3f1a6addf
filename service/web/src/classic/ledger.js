/* The ledger: everything that is put aside, by whom, why and until when; and what is going on in the plant. */

import { onDuty } from "@/session/session";
import { request } from "./api.js";
import { STATE_SIGN } from "./alerts.js";
import { element, full, setText, span } from "./format.js";
import { words } from "./words.js";

const ASIDE = new Set(["shelved", "suppressed", "out_of_service"]);
const CONTEXT_SIGN = { live: "●", planned: "◷", over: "✓" };
/* Entries that are over, at most. */
const MOST_OVER = 20;

/** A panel that anyone may open. */
export class Ledger {
  #found = null;
  #ends = [];
  #due = null;

  constructor({ node, button, body, onOpen, onProblem, now_ms }) {
    Object.assign(this, { node, button, body, onOpen, onProblem, now_ms });
    button.addEventListener("click", () => (node.hidden ? this.open() : this.close()));
    node.querySelector(".close").addEventListener("click", () => this.close());
  }

  open() {
    this.node.hidden = false;
    return this.load();
  }

  close() {
    this.node.hidden = true;
  }

  /** Something was put aside or came back: read it again, but not for each of a flood. */
  changed() {
    if (this.#due) return;
    this.#due = setTimeout(() => {
      this.#due = null;
      this.load();
    }, 300);
  }

  /** An alert has changed; before is what it was. */
  noticed(alert, before) {
    if (ASIDE.has(alert.state) || ASIDE.has(before?.state)) this.changed();
  }

  async load() {
    try {
      this.#found = await request("GET", "/ledger");
      this.redraw();
    } catch (problem) {
      if (!this.node.hidden) this.onProblem(problem.message);
    }
  }

  redraw() {
    const w = words();
    const count = this.#found?.items.length ?? 0;
    setText(this.button, `${w.ledger} ${count}`);
    this.button.classList.toggle("some", count > 0);
    if (!this.#found) return;
    this.#ends = [];
    const { items, contexts, floods } = this.#found;
    const live = contexts.filter((one) => one.state !== "over");
    const over = contexts.filter((one) => one.state === "over").slice(0, MOST_OVER);
    this.body.replaceChildren(
      element("p", "hint", w.ledgerHint),
      ...floods.map((one) => element("p", "flood", w.flood(one.enterprise, one.count, full(one.since).slice(0, 19)))),
      ...this.#part(`${w.putAside} (${items.length})`, items.map((one) => this.#alert(one)), w.nothingAside),
      ...this.#part(`${w.contexts} (${live.length})`, live.map((one) => this.#context(one)), w.noContexts),
      ...(over.length ? this.#part(w.contextsOver, over.map((one) => this.#context(one)), "") : []),
    );
    this.tick();
  }

  #part(title, nodes, none) {
    return [element("h3", "", title), ...(nodes.length ? nodes : [element("p", "hint", none)])];
  }

  #card(className, sign, title, facts, end) {
    const card = element("section", `entry ${className}`);
    const head = element("div", "entry-head");
    head.append(element("span", "state-sign", sign), element("b", "", title));
    if (end) {
      const left = element("span", "left");
      this.#ends.push([left, end, className.endsWith("planned")]);
      head.append(left);
    }
    card.append(head, ...facts.filter(Boolean).map((text) => element("p", "", text)));
    return card;
  }

  #alert(alert) {
    const w = words();
    const name = `${alert.target_name || alert.target} ${alert.level}`;
    const by = alert.aside_by.startsWith("context:") ? w.byContext : alert.aside_by.startsWith("comm:") ? w.byComm : alert.aside_by;
    const card = this.#card(
      `p${alert.priority} ${alert.state}`, STATE_SIGN[alert.state], `${w.states[alert.state]} · ${name}`,
      [
        `${alert.enterprise_name || alert.enterprise} · ${alert.source_name || alert.source || alert.target}`,
        `${by}:${alert.work_order ? ` ${alert.work_order}` : ""} ${alert.aside_reason}`,
        `${full(alert.aside_since).slice(0, 19)} → ${alert.aside_until ? full(alert.aside_until).slice(0, 19) : w.untilOver}`,
      ],
      alert.aside_until,
    );
    card.tabIndex = 0;
    card.addEventListener("click", () => this.onOpen(alert.id));
    return card;
  }

  #context(entry) {
    const w = words();
    const where = entry.tags.length ? entry.tags.join(", ") : entry.source_name || entry.source || entry.enterprise_name;
    const card = this.#card(
      `context ${entry.state}`, CONTEXT_SIGN[entry.state],
      `${w.contextKinds[entry.kind] ?? entry.kind}${entry.permit ? ` ${entry.permit}` : ""} · ${w.contextStates[entry.state]}`,
      [
        `${entry.enterprise_name || entry.enterprise} · ${where}`,
        `${entry.opened_by}: ${entry.reason}`,
        `${full(entry.from).slice(0, 19)} → ${full(entry.over ?? entry.to).slice(0, 19)}`,
        entry.ended_by && `${w.endedBy} ${entry.ended_by}: ${entry.end_reason || "—"}`,
      ],
      entry.state === "over" ? null : entry.state === "live" ? entry.to : entry.from,
    );
    if (entry.state !== "over") {
      const button = element("button", "", w.endContext);
      button.addEventListener("click", () => this.#end(entry, button));
      card.append(button);
    }
    return card;
  }

  async #end(entry, button) {
    button.disabled = true;
    try {
      await request("POST", `/contexts/${entry.id}/end`, {});
    } catch (problem) {
      this.onProblem(`${words().failed}: ${problem.message}`);
    }
    await this.load();
  }

  tick() {
    if (this.node.hidden) return;
    const w = words();
    for (const [node, end, planned] of this.#ends) {
      const left_s = (Date.parse(end) - this.now_ms()) / 1e3;
      setText(node, left_s <= 0 ? "…" : planned ? w.beginsIn(span(left_s)) : w.left(span(left_s)));
    }
  }
}

/** Under the details of an alert: put it aside, or take it back. */
export class AsideForm {
  #alert = null;

  constructor(onProblem, onAlert) {
    this.form = document.getElementById("aside-form");
    this.back = document.getElementById("aside-back");
    this.note = document.getElementById("aside-note");
    this.reason = document.getElementById("aside-reason");
    this.duration = document.getElementById("aside-duration");
    const act = async (action, body) => {
      try {
        onAlert(await request("POST", `/alerts/${this.#alert.id}/${action}`, body));
        this.reason.value = "";
      } catch (problem) {
        onProblem(`${words().failed}: ${problem.message}`);
      }
    };
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      act("shelve", { reason: this.reason.value, duration: this.duration.value });
    });
    this.back.addEventListener("click", () => act(this.#alert.state === "shelved" ? "unshelve" : "put-back", {}));
  }

  show(alert) {
    const w = words();
    this.#alert = alert;
    const standing = alert.state === "unack" || alert.state === "acked";
    this.form.hidden = !standing || alert.protected || !onDuty.value;
    this.back.hidden = alert.state !== "shelved" && alert.state !== "out_of_service" || !onDuty.value;
    setText(this.back, alert.state === "shelved" ? w.unshelve : w.putBack);
    this.note.hidden = !alert.protected && !ASIDE.has(alert.state);
    const until = alert.aside_until ? full(alert.aside_until).slice(0, 19) : w.untilOver;
    setText(this.note, alert.protected ? `§ ${w.protectedNote}` : `${w.states[alert.state]} → ${until} · ${alert.aside_reason}`);
    this.reason.placeholder = w.shelveReason;
  }
}
