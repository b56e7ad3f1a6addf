/* The page: log in, listen, show. What it shows is never older than it says. */

import { Live, request } from "./api.js";
import { AlertList } from "./alerts.js";
import { Emissions } from "./emissions.js";
import { clock, element, full, setText, span } from "./format.js";
import { Ledger } from "./ledger.js";
import { Detail, Strip, Values } from "./panels.js";
import { RiskStrip } from "./risk.js";
import { otherLanguage, translate, words } from "./words.js";
import { mountAdmin, mountCases, mountDuty, mountPark, mountReview, openDispatch, refreshCases } from "@/islands";
import { band, LoadMeter, WINDOW_MS } from "@/load_meter";
import { ParkMap } from "@/map/park_map";
import { loadPlan } from "@/map/plan";
import { heardTime, now_ms } from "@/now";
import { is, onDuty, session } from "@/session/session";
import { Sounder } from "@/sound";
import { Views } from "@/views";
import { why } from "@/why";

const at = (id) => document.getElementById(id);
const CONNECTORS_EVERY_MS = 3_000;
const BLINK_MS = 700;

let status = null;
let status_ms = performance.now();

const list = new AlertList({
  rows: at("rows"), counts: at("counts"), none: at("none"), announce: at("announce"),
  now_ms, onOpen: (id) => detail.open(id), onProblem: toast, onUnacked: showUnacked, onFolded: showFolded,
});
const strip = new Strip(at("strip"));
const risk = new RiskStrip({
  strip: at("risk"), detail: at("risk-detail"), title: at("risk-title"), reasons: at("risk-reasons"), close: at("risk-close"),
  now_ms,
});
const values = new Values(at("values"));
const detail = new Detail(toast, (alert) => changed(alert));
const meter = new LoadMeter();
const sounder = new Sounder(showSound);
const map = new ParkMap(at("map"), (source) => (location.hash = `#park/source/${source}`));
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
let weather = null;
let casesSeen = null;

const views = new Views([
  {
    name: "safety", nodes: [at("main")], link: at("to-safety"),
    follow: (rest) => {
      if (rest !== null) return;
      detail.close();
      ledger.close();
    },
  },
  { name: "wall", nodes: [at("main")], follow: (rest) => rest !== null && detail.close() },
  { name: "emissions", nodes: [], link: at("to-emissions"), follow: (rest) => emissions.follow(rest) },
  { name: "cases", nodes: [at("cases")], link: at("to-cases"), follow: mountCases(at("cases")) },
  { name: "park", nodes: [at("park")], link: at("to-park"), follow: mountPark(at("park")) },
  { name: "duty", nodes: [at("duty")], link: at("to-duty"), follow: mountDuty(at("duty")) },
  { name: "review", nodes: [at("review")], follow: mountReview(at("review")) },
  { name: "admin", nodes: [at("admin")], link: at("to-admin"), follow: mountAdmin(at("admin")) },
]);

function changed(alert) {
  meter.raised(alert.id, Date.parse(alert.raised));
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
function showUnacked(count, unacked) {
  sounder.update(unacked.map((one) => one.priority));
  clearTimeout(showMap.timer);
  if (performance.now() - (showMap.shown_ms ?? -1e9) > 1_000 || unacked.length < 100) showMap(unacked);
  else showMap.timer = setTimeout(() => showMap(unacked), 1_000);
  at("unacked").hidden = count === 0;
  setText(at("unacked"), `● ${count}`);
  at("to-safety").title = count ? `${words().states.unack} ${count}` : "";
}

/* A badge on the tab and, where the person has allowed it, a word of the browser's, for what is worse than what was. */
function showMap(unacked) {
  showMap.shown_ms = performance.now();
  const counts = new Map();
  let newest = null;
  for (const one of unacked) {
    counts.set(one.source, (counts.get(one.source) ?? 0) + 1);
    if (one.source && (!newest || one.raised > newest.raised)) newest = one;
  }
  if (newest && newest.id !== showMap.told && Notification?.permission === "granted" && document.hidden) {
    new Notification(newest.target_name || newest.target, { body: `${newest.level} ${why(newest.why)}`, tag: newest.id });
  }
  showMap.told = newest?.id;
  const { shared = [], enterprises = [] } = risk.tree ?? {};
  const sources = [...shared, ...enterprises.flatMap((one) => one.sources ?? [])];
  const colours = new Map(sources.map((one) => [one.subject, one.colour]));
  map.update(colours, counts, newest?.source ?? null);
  showMap.unacked = unacked;
}

function showSound(playing, muted_s) {
  const w = words();
  at("sound").dataset.state = playing;
  const sign = { off: "♪", muted: "✕ ♪", blocked: "! ♪" }[playing] ?? "♫";
  const text = { off: w.soundOn, muted: w.soundMuted(muted_s), blocked: w.soundBlocked }[playing] ?? w.mute;
  setText(at("sound"), `${sign} ${w.sound} · ${text}`);
}

function showLoad() {
  const count = meter.count(now_ms());
  const found = band(count);
  at("load").className = `load ${found}`;
  setText(at("load-count"), String(count));
  setText(at("load-band"), words().bands[found]);
}

/* What was raised before the page was opened counts as well. */
async function loadMeter() {
  const from = new Date(now_ms() - WINDOW_MS).toISOString();
  const found = await request("GET", `/alerts?history=true&limit=200&from=${from}`).catch(() => ({ items: [] }));
  for (const one of found.items) meter.raised(one.id, Date.parse(one.raised));
}

/* The park's own weather station gives the wind of the map. */
async function loadMap() {
  const { items } = await request("GET", "/sources");
  map.sources(items);
  loadPlan().then((plan) => map.plan(plan), (problem) => toast(problem.message));
  const station = items.find((one) => one.kind === "weather_station" && one.position);
  if (!station) return;
  const { items: tags } = await request("GET", `/tags?source=${encodeURIComponent(station.id)}&limit=100`);
  const of = (quantity) => tags.find((one) => one.quantity === quantity)?.id ?? null;
  weather = { at: station.position, direction: of("wind_direction"), speed: of("wind_speed"), from_deg: null, speed_m_s: null };
}

function showWind(data) {
  if (!weather) return;
  data.tag.forEach((id, k) => {
    const good = (data.quality[k] ?? "").startsWith("bad") ? null : data.value[k];
    if (id === weather.direction) weather.from_deg = good;
    if (id === weather.speed) weather.speed_m_s = good;
  });
  map.wind(weather);
  const { from_deg, speed_m_s } = weather;
  const known = from_deg !== null && speed_m_s !== null;
  setText(at("wind"), known ? `${words().wind} ${Math.round(from_deg)}° ${speed_m_s.toFixed(1)} m/s` : "");
}

/* Cases that wait for this person: of an enterprise those it has to answer, of the park those to be verified. */
async function countCases() {
  const waiting = is("enterprise") ? ["dispatched", "received"] : ["answered"];
  const { states, overdue } = await request("GET", "/cases/counts");
  const count = waiting.reduce((sum, state) => sum + (states[state] ?? 0), 0);
  at("cases-waiting").hidden = count + overdue === 0;
  setText(at("cases-waiting"), overdue ? `${count} · ! ${overdue}` : String(count));
}

function showStatus(data) {
  if (data.cases !== casesSeen) {
    casesSeen = data.cases;
    countCases().catch(() => null);
    refreshCases();
  }
  status = data;
  status_ms = performance.now();
  heardTime(data.now);
  showProblems(data.problems);
  showFloods(data.floods ?? []);
  strip.status(data);
  showTime();
}

/* A few of them; the rest when it is asked for: a hundred must not push the alarms off the screen. */
const FEW_PROBLEMS = 3;
let allProblems = false;

function showProblems(problems) {
  const told = allProblems ? problems : problems.slice(0, FEW_PROBLEMS);
  const shown = at("problems").querySelector("ul");
  if (shown.textContent !== told.join("")) shown.replaceChildren(...told.map((one) => element("li", "", one)));
  at("problems").hidden = problems.length === 0;
  at("problems-more").hidden = problems.length <= FEW_PROBLEMS;
  setText(at("problems-more"), allProblems ? words().fewer : words().andMore(problems.length - told.length));
}

/* A flood changes how alarms are told, never which: all of them stand in the list. */
function showFloods(floods) {
  const texts = floods.map((one) => words().flood(one.enterprise, one.count, full(one.since).slice(0, 19)));
  const shown = at("floods").querySelector("ul");
  if (shown.textContent !== texts.join("")) shown.replaceChildren(...texts.map((text) => element("li", "", text)));
  at("floods").hidden = floods.length === 0;
  if (floods.length === 0) folds = true;
  list.fold(floods.length > 0 && folds);
}

/* Folded by itself when a flood begins, until somebody wants to see all. */
let folds = true;

function showFolded(folded, secondary) {
  at("flood-fold").hidden = secondary === 0;
  setText(at("flood-fold"), folded ? words().unfold(folded) : words().foldSecondary(secondary));
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
  views.end();
  sounder.update([]);
  live?.close();
  live = null;
  timers.forEach(clearInterval);
  timers = [];
}

function logIn(error = "") {
  stop();
  status = null;
  session.value = null;
  at("page").hidden = true;
  at("change").hidden = true;
  at("login").hidden = false;
  at("login-error").textContent = error;
  at(at("login-person").hidden ? "key" : "name").focus();
}

async function begin() {
  who = await request("GET", "/session");
  stop();
  session.value = who;
  at("login").hidden = true;
  at("change").hidden = !who.must_change_password;
  if (who.must_change_password) return at("old-password").focus();
  at("page").hidden = false;
  list.mayAct = onDuty.value;
  at("to-admin").hidden = !is("admin");
  at("to-duty").hidden = who.enterprise !== null;
  setText(at("to-park"), who.enterprise === null ? words().viewPark : words().viewPortal);
  at("notify").hidden = !("Notification" in window) || Notification.permission !== "default";
  setText(at("park-name"), who.park_name);
  setText(at("who"), who.enterprise ? `${who.display} · ${who.enterprise}` : who.display);
  list.parkName = who.park_name;
  await values.load().catch((problem) => toast(problem.message));
  await loadMap().catch((problem) => toast(problem.message));
  loadMeter();
  casesSeen = null;
  const watched = [...new Set([...values.tags, weather?.direction, weather?.speed].filter(Boolean))];
  live = new Live(watched, {
    snapshot: (data) => list.replace(data.alerts),
    alert: (data) => changed(data.alert),
    context: () => ledger.changed(),
    status: showStatus,
    risk: (data) => {
      risk.update(data);
      showMap(showMap.unacked ?? []);
    },
    values: (data) =>
      requestAnimationFrame(() => {
        values.update(data);
        showWind(data);
      }),
    link: showLink,
    refused,
  });
  showConnectors();
  ledger.load();
  emissions.begin(who);
  views.follow();
  timers = [
    setInterval(() => document.body.classList.toggle("blink"), BLINK_MS),
    setInterval(showConnectors, CONNECTORS_EVERY_MS),
    setInterval(() => {
      showTime();
      showLoad();
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
  const byKey = at("login-person").hidden;
  try {
    await request("POST", "/session", byKey ? { key: at("key").value } : { name: at("name").value, password: at("password").value });
    at("key").value = "";
    at("password").value = "";
    await begin();
  } catch (problem) {
    const w = words();
    at("login-error").textContent = { 0: w.unreachable, 401: byKey ? w.badKey : w.badName, 429: w.tooMany }[problem.status] ?? problem.message;
  }
});

function loginWay(byKey) {
  at("login-person").hidden = byKey;
  at("login-key").hidden = !byKey;
  setText(at("login-way"), byKey ? words().byName : words().byKey);
  at(byKey ? "key" : "name").focus();
}

at("login-way").addEventListener("click", () => loginWay(!at("login-person").hidden));

at("change").addEventListener("submit", async (event) => {
  event.preventDefault();
  const w = words();
  const [old, fresh, again] = ["old-password", "new-password", "again-password"].map((id) => at(id).value);
  if (fresh !== again) return setText(at("change-error"), w.notSame);
  try {
    await request("POST", "/session/password", { old, new: fresh });
    at("change").reset();
    setText(at("change-error"), "");
    await begin();
  } catch (problem) {
    setText(at("change-error"), problem.message);
  }
});

for (const id of ["change-not", "logout"]) {
  at(id).addEventListener("click", async () => {
    await request("DELETE", "/session").catch(() => null);
    logIn();
  });
}

at("sound").addEventListener("click", () => (sounder.playing === "blocked" ? sounder.allow() : sounder.mute()));
at("notify").addEventListener("click", async () => {
  await Notification.requestPermission();
  at("notify").hidden = true;
});
for (const head of document.querySelectorAll(".row.head [data-sort]")) {
  head.addEventListener("click", () => {
    const order = list.sortBy(head.dataset.sort);
    for (const one of document.querySelectorAll(".row.head [role=columnheader]")) one.removeAttribute("aria-sort");
    if (order) head.parentElement.setAttribute("aria-sort", order === "onset" ? "descending" : "ascending");
  });
}
at("problems-more").addEventListener("click", () => {
  allProblems = !allProblems;
  if (status) showProblems(status.problems);
});
at("flood-fold").addEventListener("click", () => list.fold((folds = !folds)));
at("dispatch").addEventListener("click", () => dispatch());
at("replay").addEventListener("click", () => replay());
at("to-wall").addEventListener("click", () => (location.hash = views.name === "wall" ? "#safety" : "#wall"));

function dispatch() {
  const alert = list.get(detail.id ?? list.selected);
  if (alert && onDuty.value) openDispatch([alert], (made) => toast(`${words().viewCases} ${made.number}`, "good"));
}

function replay() {
  const id = detail.id ?? list.selected;
  if (id) location.hash = `#review/${id}`;
}

function showHelp() {
  const w = words();
  const keys = [
    ["j k", w.keyMove], ["Enter", w.keyOpen], ["a", w.keyAck], ["A", w.keyPage], ["g", w.keyGroup], ["s", w.keyShelve], ["c", w.comment],
    ["d", w.keyDispatch], ["r", w.replay], ["w", w.wall], ["m", w.keyMute], ["/", w.search], ["l", w.ledger], ["Esc", "✕"],
  ];
  at("help-keys").replaceChildren(...keys.flatMap(([key, text]) => [element("dt", "", key), element("dd", "", text)]));
  at("help").hidden = !at("help").hidden;
}

/* Open the selected alert and go to a field of its panel. */
async function inDetail(id) {
  if (!detail.id) list.openSelected();
  await new Promise((done) => setTimeout(done, 150));
  if (!at(id).closest("form").hidden) at(id).focus();
}

for (const button of document.querySelectorAll("button.lang")) {
  button.addEventListener("click", () => {
    otherLanguage();
    list.redraw();
    ledger.redraw();
    strip.connectors(connectors);
    risk.redraw();
    emissions.redraw();
    if (status) showStatus(status);
    if (who) setText(at("to-park"), who.enterprise === null ? words().viewPark : words().viewPortal);
    loadPlan().then((plan) => map.plan(plan), () => null);
    showSound(sounder.playing, 0);
    showLoad();
    loginWay(at("login-person").hidden);
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
    at("help").hidden = true;
    document.activeElement?.blur();
    return;
  }
  // What these keys act on is not to be seen elsewhere.
  if ((views.name !== "safety" && views.name !== "wall") || document.querySelector("dialog[open]")) return;
  if (event.target.matches("input, textarea, select") || (event.target.matches("button") && event.key === "Enter")) return;
  const act = {
    j: () => list.step(1), ArrowDown: () => list.step(1), k: () => list.step(-1), ArrowUp: () => list.step(-1),
    a: () => list.acknowledgeSelected(), A: () => list.acknowledgeAll("page"), g: () => list.acknowledgeAll("group"),
    s: () => inDetail("aside-reason"), c: () => inDetail("comment"), d: dispatch, r: replay, w: () => at("to-wall").click(), m: () => sounder.mute(), "?": showHelp, l: () => at("ledger-open").click(), Enter: () => list.openSelected(), "/": () => at("search").focus(),
  }[event.key];
  if (!act || event.repeat && "aAg".includes(event.key)) return;
  event.preventDefault();
  act();
});

translate();
loginWay(false);
showSound("off", 0);
begin().catch((problem) => logIn(problem.status === 401 ? "" : words().unreachable));
