/* The service's clock, carried on by ours: a wall display's own clock is often wrong. */

let service_ms: number | null = null;
let heard_ms = 0;

/** With every status of the service. */
export function heardTime(time: string): void {
  service_ms = Date.parse(time);
  heard_ms = performance.now();
}

/** Epoch milliseconds. */
export const now_ms = (): number => (service_ms === null ? Date.now() : service_ms + performance.now() - heard_ms);
