/* From the columns of a trend to what is drawn: lines that break where data are missing, and what is missing, by kind. */

export interface Columns {
  unit: string;
  time_ms: number[];
  mean: (number | null)[];
  min: (number | null)[];
  max: (number | null)[];
  /** Share of good samples, 0 to 1. */
  good: number[];
}

export interface Trends {
  from: string;
  to: string;
  bucket_s: number;
  tags: Record<string, Columns>;
}

export interface Gap {
  from_ms: number;
  to_ms: number;
  /** Nothing came, or nothing good. */
  kind: "none" | "bad";
}

/** The longest step between two buckets that is still no gap: a slow instrument has none because it is slow. */
export function usualStep_ms(time_ms: readonly number[], bucket_ms: number): number {
  const steps = time_ms.slice(1).map((one, k) => one - time_ms[k]!).sort((a, b) => a - b);
  const usual = steps[Math.floor((steps.length - 1) / 2)] ?? bucket_ms;
  return Math.max(1.5 * bucket_ms, 2.5 * usual);
}

/** What is missing between two moments. */
export function gapsOf(columns: Columns, bucket_ms: number, from_ms: number, to_ms: number): Gap[] {
  const step_ms = usualStep_ms(columns.time_ms, bucket_ms);
  const gaps: Gap[] = [];
  const add = (kind: Gap["kind"], from: number, to: number): void => {
    const last = gaps.at(-1);
    if (last && last.kind === kind && from <= last.to_ms) last.to_ms = to;
    else gaps.push({ kind, from_ms: from, to_ms: to });
  };
  let until_ms = from_ms;
  columns.time_ms.forEach((at_ms, k) => {
    if (at_ms - until_ms > step_ms) add("none", until_ms, at_ms);
    if (columns.good[k] === 0) add("bad", at_ms, Math.min(at_ms + Math.max(bucket_ms, step_ms / 2.5), columns.time_ms[k + 1] ?? to_ms));
    until_ms = Math.max(until_ms, at_ms);
  });
  if (to_ms - until_ms > step_ms) add("none", until_ms, to_ms);
  return gaps;
}

/** Times in seconds and columns of one length, as uPlot wants them: null breaks a line, undefined does not. */
export type Aligned = [number[], ...(number | null | undefined)[][]];

/** Mean, greatest and least of every tag over the times of all of them. */
export function aligned(shown: readonly Columns[], bucket_ms: number): Aligned {
  const rows = shown.map((one) => broken(one, usualStep_ms(one.time_ms, bucket_ms)));
  const times = [...new Set(rows.flatMap((one) => [...one.keys()]))].sort((a, b) => a - b);
  const columns = rows.flatMap((one) => [0, 1, 2].map((k) => times.map((at) => one.get(at)?.[k])));
  return [times.map((at) => at / 1e3), ...columns];
}

type Row = [number | null, number | null, number | null];

function broken(one: Columns, step_ms: number): Map<number, Row> {
  const rows = new Map<number, Row>();
  one.time_ms.forEach((at, k) => {
    const last = one.time_ms[k - 1];
    if (last !== undefined && at - last > step_ms) rows.set(last + 1, [null, null, null]);
    rows.set(at, [one.mean[k] ?? null, one.max[k] ?? null, one.min[k] ?? null]);
  });
  return rows;
}

/** The value at a moment: of the last bucket that had begun, where it is not too old. */
export function valueAt(one: Columns | undefined, at_ms: number, bucket_ms: number): number | null {
  if (!one) return null;
  let low = 0, high = one.time_ms.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (one.time_ms[middle]! <= at_ms) low = middle + 1;
    else high = middle;
  }
  const k = low - 1;
  if (k < 0 || at_ms - one.time_ms[k]! > usualStep_ms(one.time_ms, bucket_ms)) return null;
  return one.mean[k] ?? null;
}

/* As bright as text, apart also for who sees no red or green; no colour of an alarm among them. */
export const LINES = ["#5fb3f7", "#7fd1a8", "#c9a6ff", "#e6c67a", "#8fe0e6", "#d9a1b8", "#a8b8c8", "#b6d36a"];
