/* Four-colour risk: a chip for the park and for each enterprise, and why. The colour never stands alone: its word does too. */

import { element, number, setText, span } from "./format.js";
import { words } from "./words.js";

const ORDER = { red: 0, orange: 1, yellow: 2, blue: 3 };
/* Enterprises that have a chip of their own, the worst first; of a large park those that are blue are told by their number. */
const MOST_CHIPS = 12;

export class RiskStrip {
  #chips = new Map();
  #tree = null;
  #open = null;

  constructor({ strip, detail, title, reasons, close, now_ms }) {
    Object.assign(this, { strip, detail, title, reasons, now_ms });
    close.addEventListener("click", () => this.close());
  }

  /** `data` of a `risk` event, or of GET /risk. */
  update(data) {
    this.#tree = data;
    const enterprises = [...data.enterprises].sort((a, b) => ORDER[a.colour] - ORDER[b.colour] || (b.score ?? 0) - (a.score ?? 0));
    const many = enterprises.length > MOST_CHIPS;
    const named = many ? enterprises.filter((one) => one.colour !== "blue").slice(0, MOST_CHIPS) : enterprises;
    const shown = [data.park, ...named];
    for (const [subject, chip] of this.#chips) {
      if (!shown.some((one) => one.subject === subject)) {
        chip.node.remove();
        this.#chips.delete(subject);
      }
    }
    shown.forEach((one, k) => {
      const chip = this.#chips.get(one.subject) ?? this.#chip(one.subject);
      if (this.strip.children[k] !== chip.node) this.strip.insertBefore(chip.node, this.strip.children[k] ?? null);
      this.#show(chip, one);
    });
    const rest = enterprises.length - named.length;
    this.rest ??= element("a", "chip");
    this.rest.href = "#park";
    this.rest.hidden = rest === 0;
    setText(this.rest, words().andMore(rest));
    this.strip.append(this.rest);
    this.strip.hidden = false;
    this.tick();
  }

  get tree() {
    return this.#tree;
  }

  redraw() {
    if (this.#tree) this.update(this.#tree);
  }

  /** Durations in the open panel go on. */
  tick() {
    if (this.#open) this.#explain();
  }

  close() {
    this.#open = null;
    this.detail.hidden = true;
    for (const chip of this.#chips.values()) chip.node.setAttribute("aria-expanded", "false");
  }

  #chip(subject) {
    const node = element("button", "chip risk");
    node.type = "button";
    const chip = { node, sign: element("span", "risk-sign"), word: element("span", "risk-word"), name: element("b") };
    chip.sign.setAttribute("aria-hidden", "true");
    node.append(chip.sign, chip.word, chip.name);
    node.addEventListener("mouseenter", () => (node.title = this.#lines(subject).map(([text]) => text).join("\n")));
    node.addEventListener("click", () => this.#toggle(subject));
    this.#chips.set(subject, chip);
    return chip;
  }

  #show(chip, one) {
    chip.node.className = `chip risk ${one.colour}`;
    chip.node.setAttribute("aria-expanded", String(this.#open === one.subject));
    setText(chip.word, words().colours[one.colour]);
    setText(chip.name, one.name || one.subject);
  }

  #toggle(subject) {
    const again = this.#open === subject;
    this.close();
    if (again) return;
    this.#open = subject;
    this.detail.hidden = false;
    this.detail.style.top = `${this.strip.getBoundingClientRect().bottom}px`;
    this.#chips.get(subject).node.setAttribute("aria-expanded", "true");
    this.#explain();
  }

  #explain() {
    const one = this.#find(this.#open);
    if (!one) return this.close();
    const w = words();
    const score = one.score === null ? "" : ` · ${w.riskScore} ${number(one.score)}`;
    this.detail.className = `risk-detail ${one.colour}`;
    setText(this.title, `${one.name || one.subject} · ${w.risk} ${w.colours[one.colour]}${score}`);
    const lines = this.#lines(this.#open);
    if (this.reasons.textContent === lines.map(([text]) => text).join("")) return;
    this.reasons.replaceChildren(...lines.map(([text, className]) => element("li", className, text)));
  }

  #find(subject) {
    return [this.#tree.park, ...this.#tree.enterprises].find((one) => one.subject === subject);
  }

  /** Reasons of the park or an enterprise: [text, class]. */
  #lines(subject) {
    const w = words();
    const one = this.#find(subject);
    if (!one) return [];
    if (one.score === null) return [[w.riskHidden, "note"]];
    const park = subject === this.#tree.park.subject;
    const parts = one.parts.map((part) => [this.#part(part), "note"]).filter(([text]) => text);
    const below = park
      ? [...this.#tree.enterprises, ...this.#tree.shared, this.#tree.own].filter((each) => each && each.colour !== "blue")
      : [one.own, ...one.sources].filter((each) => each?.parts.some((part) => part.alarm));
    below.sort((a, b) => b.score - a.score);
    const lines = below.map((each) => {
      const name = each.kind === "own" ? w.riskWhole : each.name || each.subject;
      const reasons = park && each.kind === "enterprise" ? "" : each.parts.map((part) => this.#part(part)).join(w.comma);
      return [`${w.colours[each.colour]} ${name} ${number(each.score)}${reasons ? ` — ${reasons}` : ""}`, each.colour];
    });
    return lines.length ? [...lines, ...parts] : [[w.noAlerts, "note"]];
  }

  #part(part) {
    const w = words();
    const points = `+${number(part.points)}`;
    if (part.what === "grade") return `${w.riskGrade(part.grade)} ${points}`;
    if (part.what === "unverified") return `${w.riskUnverified(part.count, part.of)} ${points}`;
    if (part.what === "further") return `${w.riskFurther(part.count)} ${points}`;
    if (part.what === "others") return `${w.riskOthers(part.count)} ${points}`;
    if (part.what === "worst") return "";
    const { alarm } = part;
    const stood = span((this.now_ms() - Date.parse(alarm.raised)) / 1e3);
    const marks = [alarm.unverified ? w.unverified : "", alarm.aside ? w.states[alarm.aside] : ""].filter(Boolean);
    const level = alarm.level || w.priorities[alarm.priority];
    return `${alarm.target_name || alarm.target} ${level} ${w.riskFor(stood)}${marks.length ? ` [${marks.join(w.comma)}]` : ""} ${points}`;
  }
}
