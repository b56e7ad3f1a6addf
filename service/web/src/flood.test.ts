import { expect, it } from "vitest";
import { followers, type Grouped } from "@/flood";

const alert = (more: Partial<Grouped>): Grouped => ({ group: "g", first_out: false, priority: 2, level: "H", ...more });

it("folds what follows, and keeps the first, the urgent, HH and LL, and what stands alone", () => {
  const [first, follows, urgent, high, low, alone, without] = [
    alert({ first_out: true }), alert({}), alert({ priority: 1 }), alert({ level: "HH" }), alert({ level: "LL" }), alert({ group: "other" }), alert({ group: "" }),
  ] as const;
  const all = [first, follows, urgent, high, low, alone, without];
  expect(all.filter(followers(all))).toEqual([follows]);
});
