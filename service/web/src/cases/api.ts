/* Cases as the service gives them, and what may be done with them. */

import type { Role } from "@/session/session";

export type CaseState = "dispatched" | "received" | "answered" | "verified" | "closed";
export type Colour = "red" | "orange" | "yellow" | "blue";
export type Cause = "real" | "instrument" | "calibration" | "test" | "communication";

export interface Case {
  id: string;
  number: string;
  title: string;
  state: CaseState;
  colour: Colour;
  cause: Cause;
  enterprise: string;
  enterprise_name: string;
  source: string;
  source_name: string;
  alerts: string[];
  instructions: string;
  opened: string;
  opened_by: string;
  due: string;
  overdue: boolean;
  escalated_to: string;
  received: string | null;
  received_by: string;
  answered: string | null;
  answered_by: string;
  verified: string | null;
  verified_by: string;
  closed: string | null;
  closed_by: string;
  messages: number;
  attachments: number;
}

export interface CaseEvent {
  seq: number;
  at: string;
  by: string;
  role: string;
  kind: string;
  text: string;
  internal: boolean;
  attachment: string | null;
}

export interface CaseFile {
  id: string;
  at: string;
  by: string;
  name: string;
  media_type: string;
  bytes: number;
}

export interface WholeCase extends Case {
  history: CaseEvent[];
  files: CaseFile[];
}

export const STATES: CaseState[] = ["dispatched", "received", "answered", "verified", "closed"];
export const COLOURS: Colour[] = ["red", "orange", "yellow", "blue"];
export const CAUSES: Cause[] = ["real", "instrument", "calibration", "test", "communication"];

/** Colour of a case by the worst alarm's priority, as the service has it. */
export const colourOf = (priority: number): Colour => COLOURS[Math.min(Math.max(priority, 1), 4) - 1]!;

export interface Person {
  name: string;
  role: Role;
  enterprise: string | null;
}

export interface May {
  receive: boolean;
  answer: boolean;
  verify: boolean;
  /** They could verify, were it not their own work. */
  fourEyes: boolean;
  close: boolean;
  reopen: boolean;
  write: boolean;
}

/** What a person may do with a case as it stands; the service decides, this only shows no button in vain. */
export function may(one: Case, who: Person): May {
  const duty = ["operator", "supervisor", "admin"].includes(who.role);
  const leads = ["supervisor", "admin"].includes(who.role);
  const own = who.role === "enterprise" && who.enterprise === one.enterprise;
  const did = who.name === one.opened_by || who.name === one.answered_by;
  const withThem = one.state === "dispatched" || one.state === "received";
  return {
    receive: own && one.state === "dispatched",
    answer: own && withThem,
    verify: duty && one.state === "answered" && !did,
    fourEyes: duty && one.state === "answered" && did,
    close: leads && one.state === "verified",
    reopen: leads && (one.state === "answered" || one.state === "verified" || one.state === "closed"),
    write: (duty || own) && one.state !== "closed",
  };
}
