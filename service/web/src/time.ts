/* Times as people read them, always of +08:00; spans in words. */

const OFFSET_MS = 8 * 3_600_000;
const shifted = (time: string): string => new Date(Date.parse(time) + OFFSET_MS).toISOString();

/** `2026-11-01 08:00` */
export const minute = (time: string | null): string => (time ? shifted(time).slice(0, 16).replace("T", " ") : "—");

/** What a field of type datetime-local holds, of +08:00; and back. */
export const toField = (ms: number): string => new Date(ms + OFFSET_MS).toISOString().slice(0, 16);
export const fromField = (text: string): string => new Date(Date.parse(`${text}:00Z`) - OFFSET_MS).toISOString();

const UNITS = { zh: ["天", "小时", "分钟"], en: ["d", "h", "min"] } as const;

/** The two largest parts of a span; `12 分钟`, `3 小时 5 分钟`, `2 天 4 小时`. */
export function spanText(ms: number, language: "zh" | "en"): string {
  const [d, h, m] = UNITS[language];
  const minutes = Math.floor(Math.abs(ms) / 60_000);
  if (minutes < 60) return `${minutes} ${m}`;
  if (minutes < 1440) return `${Math.floor(minutes / 60)} ${h} ${minutes % 60} ${m}`;
  return `${Math.floor(minutes / 1440)} ${d} ${Math.floor((minutes % 1440) / 60)} ${h}`;
}
