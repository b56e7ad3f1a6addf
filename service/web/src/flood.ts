/* In a flood what merely follows may be folded away; what leads, and what is HH, LL or urgent, never. */

export interface Grouped {
  group: string;
  first_out: boolean;
  priority: number;
  level: string;
}

/** A test of alerts that follow the first of their group, while others of it stand. */
export function followers(standing: Iterable<Grouped>): (one: Grouped) => boolean {
  const members = new Map<string, number>();
  for (const one of standing) members.set(one.group, (members.get(one.group) ?? 0) + 1);
  return (one) => one.group !== "" && !one.first_out && members.get(one.group)! > 1 && one.priority > 1 && !["HH", "LL"].includes(one.level);
}
