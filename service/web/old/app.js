/* The page: log in, listen, show. What it shows is never older than it says. */

import { Live, request } from "./api.js";
import { AlertList } from "./alerts.js";
import { Emissions } from "./emissions.js";
import { clock, element, full, setText, span } from "./format.js";
import { Ledger } from "./ledger.js";
import { Detail, Strip, Values } from "./panels.js";
import { RiskStrip } from "./risk.js";
import { otherLanguage, translate, words } from "./words.js";

const at = (id) => document.getElementById(id);
const CONNECTORS_EVERY_MS = 3_000;

/* The service's clock, carried on by ours: a wall display's own clock is often wrong. */
let status = null;
let status_ms = performance.now();
const now_ms = () => (status ? Date.parse(status.now) + performance.now() - status_ms : Date.now());

const list = new AlertList({
  rows: at("rows"), counts: at("counts"), none: at("none"), announce: at("announce"),
  now_ms, onOpen: (id) => detail.open(id), onProblem: toast, onUnacked: showUnacked,
});
const strip = new Strip(at("strip"));
const risk = new RiskStrip({
  strip: at("risk"), detail: at("risk-detail"), title: at("risk-title"), reasons: at("risk-reasons"), close: at("risk-close"),
  now_ms,
});
const values = new Values(at("values"));
const detail = new Detail(toast, (alert) => changed(alert));
const ledger = new Ledger({
  node: at("ledger"), button: at("ledger-open"), body: at("ledger-body"), now_ms, onProblem: toast,
  onOpen: (id) => {
    ledger.close();
    detail.open(id);
  },
});
const emissions = new Emissions({
  node: at("emissions"), tabs: at("emission-tabs"), body: at("emission-body"), judged: at("emission-judged"),
  updated: at("emission-updated"), problem: at("emission-problem"), now_ms, onLost: () => logIn(), onSay: toast,
});
let live = null;
let lost = false;
let connectors = [];
let who = null;
let timers = [];

function changed(alert) {
  ledger.noticed(alert, list.get(alert.id));
  list.put(alert);
  if (detail.id === alert.id) detail.open(alert.id);
}

function toast(text, kind = "") {
  at("toast").textContent = text;
  at("toast").className = `toast ${kind}`;
  at("toast").hidden = false;
  clearTimeout(toast.timer);
  toast.timer = setTimeout(() => (at("toast").hidden = true), 6_000);
}

/* Whoever looks at emissions must not miss what nobody has acknowledged. */
function showUnacked(count) {
  at("unacked").hidden = count === 0;
  setText(at("unacked"), `● ${count}`);
  at("to-safety").title = count ? `${words().states.unack} ${count}` : "";
}

function showStatus(data) {
  status = data;
  status_ms = performance.now();
  const problems = data.problems.map((one) => element("li", "", one));
  const shown = at("problems").querySelector("ul");
  if (shown.textContent !== data.problems.join("")) shown.replaceChildren(...problems);
  at("problems").hidden = problems.length === 0;
  showFloods(data.floods ?? []);
  strip.status(data);
  showTime();
}

/* A flood changes how alarms are told, never which: all of them stand in the list. */
function showFloods(floods) {
  const texts = floods.map((one) => words().flood(one.enterprise, one.count, full(one.since).slice(0, 19)));
  const shown = at("floods").querySelector("ul");
  if (shown.textContent !== texts.join("")) shown.replaceChildren(...texts.map((text) => element("li", "", text)));
  at("floods").hidden = floods.length === 0;
}

function showTime() {
  const w = words();
  const silent_s = (performance.now() - status_ms) / 1e3;
  const age_s = status?.data_age_s === null || !status ? null : status.data_age_s + silent_s;
  setText(at("data-time"), status?.data ? clock(status.data) : "--:--:--");
  setText(at("data-age"), age_s === null ? w.noData : w.ago(span(age_s)));
  at("data").className = `data${age_s === null || age_s > 30 ? " old" : age_s > 5 ? " ageing" : ""}`;
  const state = lost ? "lost" : status ? "up" : "waiting";
  at("link").className = `link ${state}`;
  setText(at("link-text"), { lost: w.linkLost, up: w.connected, waiting: w.connecting }[state]);
  setText(at("lost-detail"), w.lostDetail(status ? clock(status.now) : "--:--:--", span(silent_s)));
}

function showLink(isLost) {
  lost = isLost;
  at("lost").hidden = !lost;
  document.body.classList.toggle("is-lost", lost);
  showTime();
}

async function showConnectors() {
  try {
    connectors = (await request("GET", "/connectors?gaps=false")).items;
    strip.connectors(connectors);
  } catch (problem) {
    if (problem.status === 401) logIn();
  }
}

/* The stream was refused, not cut: the session is over, or the park has other tags than it had. */
async function refused() {
  try {
    await request("GET", "/session");
    await values.load();
    if (live) live.tags = values.tags;
  } catch (problem) {
    if (problem.status === 401) logIn();
  }
}

function stop() {
  emissions.end();
  live?.close();
  live = null;
  timers.forEach(clearInterval);
  timers = [];
}

function logIn(error = "") {
  stop();
  status = null;
  at("page").hidden = true;
  at("login").hidden = false;
  at("login-error").textContent = error;
  at("key").focus();
}

async function begin() {
  who = await request("GET", "/session");
  stop();
  at("login").hidden = true;
  at("page").hidden = false;
  setText(at("park-name"), who.park_name);
  setText(at("who"), who.enterprise ? `${who.name} · ${who.enterprise}` : who.name);
  list.parkName = who.park_name;
  await values.load().catch((problem) => toast(problem.message));
  live = new Live(values.tags, {
    snapshot: (data) => list.replace(data.alerts),
    alert: (data) => changed(data.alert),
    context: () => ledger.changed(),
    status: showStatus,
    risk: (data) => risk.update(data),
    values: (data) => requestAnimationFrame(() => values.update(data)),
    link: showLink,
    refused,
  });
  showConnectors();
  ledger.load();
  emissions.begin(who);
  timers = [
    setInterval(showConnectors, CONNECTORS_EVERY_MS),
    setInterval(() => {
      showTime();
      list.tick();
      ledger.tick();
      values.tick(now_ms());
      risk.tick();
      emissions.tick();
    }, 1_000),
  ];
}

at("login").addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    await request("POST", "/session", { key: at("key").value });
    at("key").value = "";
    await begin();
  } catch (problem) {
    const w = words();
    at("login-error").textContent = { 0: w.unreachable, 401: w.badKey, 429: w.tooMany }[problem.status] ?? problem.message;
  }
});

at("logout").addEventListener("click", async () => {
  await request("DELETE", "/session").catch(() => null);
  logIn();
});

for (const button of document.querySelectorAll("button.lang")) {
  button.addEventListener("click", () => {
    otherLanguage();
    list.redraw();
    ledger.redraw();
    strip.connectors(connectors);
    risk.redraw();
    emissions.redraw();
    if (status) showStatus(status);
    if (detail.id) detail.open(detail.id);
  });
}

at("search").addEventListener("input", () => list.filter(at("search").value));

document.addEventListener("keydown", (event) => {
  if (at("page").hidden || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") {
    detail.close();
    ledger.close();
    risk.close();
    document.activeElement?.blur();
    return;
  }
  // What these keys act on is not to be seen there.
  if (emissions.shown) return;
  if (event.target.matches("input, button, textarea, select")) return;
  const act = {
    j: () => list.step(1), ArrowDown: () => list.step(1), k: () => list.step(-1), ArrowUp: () => list.step(-1),
    a: () => list.acknowledgeSelected(), l: () => at("ledger-open").click(), Enter: () => list.openSelected(), "/": () => at("search").focus(),
  }[event.key];
  if (!act || event.repeat && event.key === "a") return;
  event.preventDefault();
  act();
});

translate();
begin().catch((problem) => logIn(problem.status === 401 ? "" : words().unreachable));
