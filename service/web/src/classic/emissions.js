/* The emissions view: its parts, read anew while somebody looks at them, and never shown as newer than they are. */

import { request } from "./api.js";
import { DevicesPart } from "./devices.js";
import { ExceedancesPart } from "./exceedances.js";
import { clock, element, full, setText, span } from "./format.js";
import { OutletPart } from "./outlet.js";
import { OutletsPart } from "./outlets.js";
import { RatesPart } from "./rates.js";
import { words } from "./words.js";

const EVERY_MS = 15_000;

/** Shown or not as the address says: `#emissions`, `#emissions/devices`, `#emissions/outlet/acme.stack`. */
export class Emissions {
  #part = null;
  #timer = null;
  #began = false;

  constructor({ node, tabs, body, judged, updated, problem, now_ms, onLost, onSay }) {
    Object.assign(this, { node, tabs, body, judged, updated, problem, now_ms, onLost });
    const tools = { request, now_ms, say: onSay, refresh: () => this.load() };
    this.parts = {
      outlets: new OutletsPart(tools), exceedances: new ExceedancesPart(tools), devices: new DevicesPart(tools), rates: new RatesPart(tools),
    };
    this.outlet = new OutletPart(tools);
    document.addEventListener("visibilitychange", () => this.#wake());
  }

  get shown() {
    return !this.node.hidden;
  }

  /** Logged in: show what the address asks for. What another one saw is forgotten. */
  begin(who) {
    this.#began = true;
    for (const part of [...Object.values(this.parts), this.outlet]) part.forget(who.enterprise);
  }

  end() {
    this.#began = false;
    this.#sleep();
  }

  redraw() {
    this.#drawTabs();
    this.#draw();
    this.tick();
  }

  /** `rest` of the address; null: another view is shown. */
  follow(rest = []) {
    const shown = rest !== null;
    const [name = "outlets", ...more] = rest ?? [];
    document.body.classList.toggle("in-emissions", shown);
    this.node.hidden = !shown;
    this.#drawTabs();
    if (!shown || !this.#began) return this.#sleep();
    const part = name === "outlet" ? this.outlet.of(more.join("/")) : (this.parts[name] ?? this.parts.outlets);
    if (part !== this.#part || name === "outlet") {
      this.#part = part;
      this.body.replaceChildren(part.node);
      this.body.scrollTop = 0;
    }
    this.#drawTabs();
    this.#draw();
    this.#wake();
  }

  #wake() {
    this.#sleep();
    if (!this.shown || !this.#began || document.hidden) return;
    this.load();
    this.#timer = setInterval(() => this.load(), EVERY_MS);
  }

  #sleep() {
    clearInterval(this.#timer);
    this.#timer = null;
  }

  /** One at a time for each part: a service that is slow is not asked faster than it answers. */
  async load() {
    const part = this.#part;
    part.again = true;
    if (part.busy) return;
    part.busy = true;
    while (part.again) {
      part.again = false;
      await this.#loadOnce(part);
    }
    part.busy = false;
  }

  async #loadOnce(part) {
    try {
      await part.load();
      if (part.again) return;
      part.read_ms = this.now_ms();
      part.problem = "";
    } catch (problem) {
      if (problem.status === 401) return this.onLost();
      part.problem = problem.status === 0 ? words().unreachable : problem.message || String(problem);
    }
    if (part === this.#part) this.#draw();
  }

  #draw() {
    if (!this.#part) return;
    const focused = document.activeElement?.dataset?.key;
    this.#part.draw();
    if (focused && document.activeElement?.dataset?.key !== focused) {
      this.body.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
    }
    this.tick();
  }

  #drawTabs() {
    const w = words();
    document.getElementById("views").setAttribute("aria-label", w.views);
    this.tabs.setAttribute("aria-label", w.tabs);
    const links = Object.keys(this.parts).map((id) => {
      const link = element("a", "em-tab", w.tabNames[id]);
      link.href = id === "outlets" ? "#emissions" : `#emissions/${id}`;
      link.dataset.key = `tab ${id}`;
      if (this.#part === this.parts[id] || (id === "outlets" && this.#part === this.outlet)) link.setAttribute("aria-current", "page");
      return link;
    });
    this.tabs.replaceChildren(...links);
  }

  /** Ages go on. */
  tick() {
    if (!this.shown || !this.#part) return;
    const w = words();
    const { read_ms, problem, judged_ms, busy } = this.#part;
    const age_s = (this.now_ms() - read_ms) / 1e3;
    const at = read_ms ? clock(new Date(read_ms).toISOString()) : "";
    setText(this.updated, read_ms ? `${w.updated(at)} · ${w.ago(span(age_s))}` : problem ? "" : w.loading);
    const judged = judged_ms === undefined ? "" : judged_ms ? w.judgedTo(full(new Date(judged_ms).toISOString()).slice(5, 16)) : w.notJudged;
    setText(this.judged, read_ms ? judged : "");
    const old = read_ms && !busy && age_s > 3 * (EVERY_MS / 1e3);
    this.problem.hidden = !problem && !old;
    if (problem) setText(this.problem, `⚠ ${read_ms ? w.notUpdated(problem, at, span(age_s)) : w.neverLoaded(problem)}`);
    else if (old) setText(this.problem, `⚠ ${w.notUpdated("…", at, span(age_s))}`);
    this.body.classList.toggle("em-old", Boolean(read_ms && (problem || old)));
  }
}
