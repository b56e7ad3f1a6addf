/* What stood at a moment of an incident, from its records alone: pure, so that the slider may go to and fro. */

export interface Item {
  at: string;
  kind: string;
  enterprise: string | null;
  source: string | null;
  subject: string | null;
  what: string | null;
  target: string | null;
  level: string | null;
  actor: string | null;
  trigger: string | null;
  from_state: string | null;
  to_state: string | null;
  priority: number | null;
  value: number | null;
  limit: number | null;
  unit: string | null;
  text: string | null;
  seq: number | null;
}

export interface Moment {
  /** Index of the first record that has not happened yet. */
  next: number;
  /** The last word on every alert that stands, the most urgent first. */
  standing: Item[];
  /** By source. */
  colours: Map<string, string>;
  unacked: Map<string, number>;
  /** Source of the newest alert that nobody has acknowledged. */
  newest: string | null;
}

const isAlert = (one: Item): boolean => one.kind === "alert" || one.kind === "operator";

/** How many records had happened by then; they are in order of time. */
export function happened(times_ms: readonly number[], at_ms: number): number {
  let low = 0, high = times_ms.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times_ms[middle]! <= at_ms) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function momentAt(items: readonly Item[], times_ms: readonly number[], at_ms: number): Moment {
  const next = happened(times_ms, at_ms);
  const last = new Map<string, Item>();
  const raised = new Map<string, number>();
  const colours = new Map<string, string>();
  items.forEach((one, k) => {
    if (one.kind === "risk" && one.subject) {
      // Before its first change a source had the colour that it changed from.
      if (k < next) colours.set(one.subject, one.to_state ?? "blue");
      else if (!colours.has(one.subject)) colours.set(one.subject, one.from_state ?? "blue");
    }
    if (!one.subject || !isAlert(one)) return;
    if (k >= next) {
      // What changes later and was not raised then stood already, before the span began or since its last record.
      if (!last.has(one.subject) && one.from_state && one.from_state !== "norm") last.set(one.subject, { ...one, to_state: one.from_state, trigger: null });
      else if (!last.has(one.subject)) last.set(one.subject, { ...one, to_state: "norm" });
      return;
    }
    last.set(one.subject, one);
    if (one.trigger === "raised" || one.trigger === "returned") raised.set(one.subject, k);
  });
  const standing = [...last.values()].filter((one) => one.to_state !== "norm");
  const unacked = new Map<string, number>();
  let newest: string | null = null, newestAt = -1;
  for (const one of standing) {
    if (one.to_state !== "unack" || !one.source) continue;
    unacked.set(one.source, (unacked.get(one.source) ?? 0) + 1);
    const at = raised.get(one.subject!) ?? -1;
    if (at > newestAt) [newest, newestAt] = [one.source, at];
  }
  const rank = (one: Item): number => ({ unack: 0, rtnun: 1, acked: 2 })[one.to_state ?? ""] ?? 3;
  standing.sort((a, b) => rank(a) - rank(b) || (a.priority ?? 9) - (b.priority ?? 9) || (a.at < b.at ? 1 : -1));
  return { next, standing, colours, unacked, newest };
}
