/* Distances on the park's plan: small enough for a flat earth. Positions are [longitude, latitude], degrees, WGS 84. */

export type Position = readonly [number, number];

const M_PER_DEGREE = 111_320;

/** Where one gets from a place by going so many metres into a direction (degrees from north, clockwise). */
export function away(from: Position, m: number, direction_deg: number): Position {
  const rad = (direction_deg * Math.PI) / 180;
  const lat = from[1] + (m * Math.cos(rad)) / M_PER_DEGREE;
  const lon = from[0] + (m * Math.sin(rad)) / (M_PER_DEGREE * Math.cos((from[1] * Math.PI) / 180));
  return [lon, lat];
}

/** The sector downwind of a place: its corner, and an arc. Indicative only: half an opening angle that widens as the
    wind grows weak, as long as what the wind covers in ten minutes, between 150 and 1500 m. */
export function plume(from: Position, windFrom_deg: number, wind_m_s: number): Position[] {
  const towards = (windFrom_deg + 180) % 360;
  const half_deg = Math.min(60, 12 + 25 / Math.max(wind_m_s, 0.3));
  const length_m = Math.min(1_500, Math.max(150, wind_m_s * 600));
  const arc = Array.from({ length: 13 }, (_, k) => away(from, length_m, towards - half_deg + (k * half_deg) / 6));
  return [from, ...arc, from];
}
