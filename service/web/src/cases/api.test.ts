import { expect, it } from "vitest";
import { colourOf, may, type Case, type Person } from "@/cases/api";

const one = (more: Partial<Case>): Case =>
  ({ state: "dispatched", enterprise: "acme", opened_by: "wang", answered_by: "", ...more }) as Case;
const who = (name: string, role: Person["role"], enterprise: string | null = null): Person => ({ name, role, enterprise });

it("lets the enterprise concerned answer, and no other", () => {
  expect(may(one({}), who("hse", "enterprise", "acme")).answer).toBe(true);
  expect(may(one({}), who("hse", "enterprise", "zeta")).answer).toBe(false);
  expect(may(one({ state: "answered" }), who("hse", "enterprise", "acme")).answer).toBe(false);
});

it("shows who dispatched or answered that another person has to verify", () => {
  const answered = one({ state: "answered", answered_by: "hse" });
  expect(may(answered, who("wang", "operator"))).toMatchObject({ verify: false, fourEyes: true });
  expect(may(answered, who("li", "operator"))).toMatchObject({ verify: true, fourEyes: false });
});

it("lets supervisors close what was verified", () => {
  expect(may(one({ state: "verified" }), who("boss", "supervisor")).close).toBe(true);
  expect(may(one({ state: "verified" }), who("li", "operator")).close).toBe(false);
  expect(may(one({ state: "closed" }), who("li", "operator")).write).toBe(false);
});

it("takes the colour from the priority", () => {
  expect([1, 2, 3, 4, 9].map(colourOf)).toEqual(["red", "orange", "yellow", "blue", "blue"]);
});
