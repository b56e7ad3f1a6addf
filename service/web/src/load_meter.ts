/* How many alarms came in the last ten minutes, against the bands of ISA-18.2 / EEMUA 191 for one operator. */

export type Band = "acceptable" | "manageable" | "high" | "flood";

export const WINDOW_MS = 600_000;

/** Of alarms in ten minutes. */
export function band(count: number): Band {
  if (count <= 1) return "acceptable";
  if (count <= 2) return "manageable";
  return count <= 10 ? "high" : "flood";
}

/** Counts alarms by when they were raised; what is older than ten minutes is forgotten. */
export class LoadMeter {
  #raised = new Map<string, number>();

  raised(id: string, at_ms: number): void {
    this.#raised.set(id, at_ms);
  }

  count(now_ms: number): number {
    for (const [id, at_ms] of this.#raised) if (at_ms <= now_ms - WINDOW_MS) this.#raised.delete(id);
    return this.#raised.size;
  }
}
