/* The park, its enterprises and sources, and how they do. */

export interface SourceRow {
  id: string;
  enterprise: string;
  name: string;
  kind: string;
  position: [number, number] | null;
  grade: number | null;
  shared: boolean;
  tags: number;
  alerts: number;
}
export interface Contact { name: string; duty: string; phone: string }
export interface Paper { title: string; url: string }
export interface Enterprise { id: string; name: string; contacts: Contact[]; documents: Paper[]; sources: SourceRow[] }
export interface Hazard { grade: number; r: number; population_500m: number; chemicals: { name: string; t: number; critical_t: number }[] }
export interface WholeSource extends SourceRow { enterprise_name: string; hazard: Hazard | null; judged: boolean; contacts: Contact[]; documents: Paper[] }
export interface Tag {
  id: string; name: string; quantity: string; unit: string; limits: Record<string, number>;
  value: number | null; quality: string | null; time: string | null; age_s: number | null; stale: boolean;
}
export interface Alert {
  id: string; target: string; target_name: string; rule_name: string; level: string; priority: number; state: string; side: string;
  enterprise: string; enterprise_name: string; source: string; source_name: string; onset: string; cleared: string | null;
  value: number | null; limit: number | null; unit: string; why: string; guidance: string;
}
export interface Line { what: string; count: number; each: number; points: number }
export interface Standing {
  enterprise: string; enterprise_name: string; rating: "A" | "B" | "C" | "D" | null; rated: string | null; rated_by: string; rating_reason: string;
  inspected: string | null; inspect_by: string | null; inspection_overdue: boolean;
  light: "red" | "yellow" | "green"; score: number; points: number; lines: Line[];
}
export interface Standings { month: string; over: boolean; yellow: number; red: number; items: Standing[] }
export interface Duty {
  duty: string; name: string; guidance: string; every: string; enterprise: string; enterprise_name: string; period: string; until: string;
  state: "done" | "open" | "overdue" | "missed"; done: string | null; done_by: string; result: string; text: string;
}
export interface Inspection { id: string; enterprise: string; at: string; by: string; defects: number; text: string }
export interface Items<T> { items: T[] }

/** The level that a value has passed; empty: none. */
export function levelOf(limits: Record<string, number>, value: number | null): string {
  if (value === null) return "";
  if (value > (limits.HH ?? Infinity)) return "HH";
  if (value > (limits.H ?? Infinity)) return "H";
  if (value < (limits.LL ?? -Infinity)) return "LL";
  return value < (limits.L ?? -Infinity) ? "L" : "";
}

/** `2026-11`, and the months before it. */
export function monthsBack(now_ms: number, count: number): string[] {
  const at = new Date(now_ms + 8 * 3_600_000);
  return Array.from({ length: count }, (_, k) => new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() - k, 1)).toISOString().slice(0, 7));
}
