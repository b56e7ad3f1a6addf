/* The park's plan as the service has it; asked for once. */

import { get } from "@/api";

export type Plan = GeoJSON.FeatureCollection<GeoJSON.Geometry, { kind: string; name: string }>;
let asked: Promise<Plan> | null = null;

export function loadPlan(): Promise<Plan> {
  asked ??= get<Plan>("/park/plan").catch((error: unknown) => {
    asked = null;
    throw error;
  });
  return asked;
}
