/* Marks of one outlet: those that were set, a form for another, and taking one back. */

import { element, setText } from "./format.js";
import { HOUR_MS, button, choice, fromLocalInput, localInput, node, note, shortTime } from "./pieces.js";
import { words } from "./words.js";

const STORED_MS = 6_000;

export class Marks {
  #source = "";
  #tags = [];
  #withdrawing = null;
  #marks = [];
  #language = null;

  constructor({ request, now_ms, say, refresh }) {
    Object.assign(this, { request, now_ms, say, refresh });
    this.title = element("h3");
    this.list = element("div", "em-cards");
    this.form = element("form", "em-form");
    this.node = node("section", "em-block", this.title, this.list, this.form);
    this.reason = element("input");
    this.from = element("input");
    this.to = element("input");
    this.from.type = this.to.type = "datetime-local";
    this.from.required = this.to.required = this.reason.required = true;
    this.reason.minLength = 3;
    this.reason.maxLength = 2_000;
    this.kind = this.type = this.tag = null;
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#add();
    });
  }

  /** Of another outlet: the form begins anew with the last whole hour. */
  of(source) {
    if (source === this.#source) return;
    this.#source = source;
    this.#withdrawing = null;
    this.#language = null;
    const hour_ms = Math.floor(this.now_ms() / HOUR_MS) * HOUR_MS;
    this.from.value = localInput(hour_ms - HOUR_MS);
    this.to.value = localInput(hour_ms);
    this.reason.value = "";
    this.#marks = [];
    this.list.replaceChildren();
  }

  /** `mayAct`: whether whoever looks may mark this outlet's data. */
  draw(marks, tags, nameOf, mayAct) {
    const w = words();
    this.mayAct = mayAct;
    this.form.hidden = !mayAct;
    setText(this.title, w.marks);
    if (this.#language !== w.index || tags.length !== this.#tags.length) this.#drawForm(tags, nameOf);
    this.#language = w.index;
    this.#marks = marks;
    this.#tags = tags;
    this.nameOf = nameOf;
    this.#drawList();
  }

  #drawForm(tags, nameOf) {
    const w = words();
    const kept = [this.kind?.value, this.type?.value, this.tag?.value];
    this.kind = choice(w.kind, Object.entries(w.markKinds), kept[0] ?? "anomaly", () => {});
    this.type = choice(w.type, Object.entries(w.markTypes), kept[1] ?? "calibration", () => {});
    this.tag = choice(w.pollutants, [["", w.allTags], ...tags.map((one) => [one.tag, nameOf(one)])], kept[2] ?? "", () => {});
    this.reason.placeholder = w.markReason;
    this.reason.setAttribute("aria-label", w.markReason);
    const field = (text, input) => node("label", "", element("span", "", text), input);
    const send = element("button", "primary", w.addMark);
    this.form.replaceChildren(
      element("h4", "", w.addMark),
      field(w.from, this.from), field(w.to, this.to), field(w.kind, this.kind), field(w.type, this.type), field(w.pollutants, this.tag),
      node("div", "em-form-last", this.reason, send), element("p", "hint", `${w.markHint} · ${w.quotaHint}`),
    );
    this.send = send;
  }

  #drawList() {
    const w = words();
    if (this.#withdrawing && this.list.querySelector("form")?.contains(document.activeElement)) return;
    if (!this.#marks.length) return this.list.replaceChildren(element("p", "hint", w.noMarks));
    this.list.replaceChildren(...this.#marks.map((one) => this.#card(one)));
  }

  #card(mark) {
    const w = words();
    const gone = mark.withdrawn !== null;
    const short = new Map(this.#tags.map((one) => [one.tag, this.nameOf(one)]));
    const head = node(
      "div", "em-card-head", element("span", "em-sign", "▨"),
      element("b", "", `${w.markTypes[mark.type] ?? mark.type} · ${w.markKinds[mark.kind]}`),
      element("span", "em-card-time", `${shortTime(mark.from)} – ${shortTime(mark.to)}`),
    );
    const made = node(
      "article", `em-card of-mark${gone ? " gone" : ""}`, head,
      element("p", "", mark.tags.length ? mark.tags.map((one) => short.get(one) ?? one).join(w.comma) : w.allTags),
      element("p", "", mark.reason),
      element("p", "", `${w.byPerson(mark.author, shortTime(mark.created))}${mark.origin === "auto" ? ` · ${w.auto}` : ""}`),
    );
    if (gone) made.append(note(["✕", `${w.withdrawnBy(mark.withdrawn_by, shortTime(mark.withdrawn))}: ${mark.withdraw_reason}`, "dim"]));
    else if (this.#withdrawing === mark.id) made.append(this.#withdrawForm(mark));
    else if (this.mayAct) {
      made.append(button(w.withdraw, "em-small", () => {
        this.#withdrawing = mark.id;
        this.#drawList();
        this.list.querySelector("form input")?.focus();
      }, `withdraw ${mark.id}`));
    }
    return made;
  }

  #withdrawForm(mark) {
    const w = words();
    const reason = element("input");
    Object.assign(reason, { required: true, minLength: 3, maxLength: 2_000, placeholder: w.withdrawReason });
    reason.setAttribute("aria-label", w.withdrawReason);
    const form = node("form", "em-withdraw", reason, element("button", "", w.confirm), button(w.cancel, "plain", () => {
      this.#withdrawing = null;
      document.activeElement?.blur();
      this.#drawList();
    }));
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const taken = await this.#post(`/emissions/marks/${mark.id}/withdraw`, { reason: reason.value });
      if (!taken) return;
      this.#withdrawing = null;
      document.activeElement?.blur();
      this.#done(this.#marks.map((one) => (one.id === taken.id ? taken : one)), words().markWithdrawn);
    });
    return form;
  }

  async #add() {
    const w = words();
    if (this.from.value >= this.to.value) return this.say(w.markBackwards);
    const body = {
      source: this.#source, tags: this.tag.value ? [this.tag.value] : [], from: fromLocalInput(this.from.value), to: fromLocalInput(this.to.value),
      kind: this.kind.value, type: this.type.value, reason: this.reason.value,
    };
    this.send.disabled = true;
    const made = await this.#post("/emissions/marks", body);
    this.send.disabled = false;
    if (!made) return;
    this.reason.value = "";
    this.#done([made, ...this.#marks.filter((one) => one.id !== made.id)], w.markAdded);
  }

  /** It is in the journal; the database has it, and the judge has looked at it, a little later. */
  #done(marks, text) {
    this.#marks = marks;
    this.#drawList();
    this.say(text, "good");
    setTimeout(() => this.refresh(), STORED_MS);
  }

  async #post(path, body) {
    try {
      return await this.request("POST", path, body);
    } catch (problem) {
      this.say(`${words().failed}: ${problem.message}`);
      return null;
    }
  }
}
