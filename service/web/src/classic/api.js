/* Requests to the service, and the live stream. */

import { BASE, Problem, request as ask } from "@/api";

export { Problem };

/** JSON of a route. Throws Problem; status 0: the service cannot be reached. */
export const request = (method, path, body) => ask(method, path, body === undefined ? {} : { body });

/* A status comes every second. Without one for LOST_MS the connection is lost; after RENEW_MS it is made anew, because
   a line that was cut somewhere on the way does not tell the browser. */
const LOST_MS = 2_500;
const RENEW_MS = 6_000;

/** The live stream: calls handlers.{snapshot, alert, context, status, values, link, refused}; resumes where it was. */
export class Live {
  #source = null;
  #lastId = "";
  #heard_ms = performance.now();
  #opened_ms = 0;
  #lost = false;

  constructor(tags, handlers) {
    this.tags = tags;
    this.handlers = handlers;
    this.timer = setInterval(() => this.#check(), 250);
    this.#open();
  }

  close() {
    clearInterval(this.timer);
    this.#source?.close();
  }

  #open() {
    this.#source?.close();
    this.#opened_ms = performance.now();
    const query = new URLSearchParams();
    if (this.tags.length) query.set("tags", this.tags.join(","));
    if (this.#lastId) query.set("after", this.#lastId);
    const source = (this.#source = new EventSource(`${BASE}/live?${query}`));
    const on = (name, handle) =>
      source.addEventListener(name, (event) => {
        if (event.lastEventId) this.#lastId = event.lastEventId;
        this.#hear();
        handle(JSON.parse(event.data));
      });
    on("snapshot", (data) => this.handlers.snapshot(data));
    on("reset", (data) => this.handlers.snapshot(data));
    on("alert", (data) => this.handlers.alert(data));
    on("context", (data) => this.handlers.context(data));
    on("status", (data) => this.handlers.status(data));
    on("values", (data) => this.handlers.values(data));
    on("risk", (data) => this.handlers.risk(data));
    source.addEventListener("error", () => {
      // A refusal (no session, too many listeners) ends an EventSource for good; we try again ourselves.
      if (source.readyState === EventSource.CLOSED) this.handlers.refused();
    });
  }

  #hear() {
    this.#heard_ms = performance.now();
    if (this.#lost) this.#turn(false);
  }

  #turn(lost) {
    this.#lost = lost;
    this.handlers.link(lost);
  }

  #check() {
    const now_ms = performance.now();
    const silent_ms = now_ms - this.#heard_ms;
    if (silent_ms > LOST_MS && !this.#lost) this.#turn(true);
    if (silent_ms > RENEW_MS && now_ms - this.#opened_ms > RENEW_MS) this.#open();
    else if (this.#source.readyState === EventSource.CLOSED && now_ms - this.#opened_ms > 2_000) this.#open();
  }
}
