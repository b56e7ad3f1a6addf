/* Who is logged in. */

import { computed, ref } from "vue";
import { get, Problem, remove, request } from "@/api";

export type Role = "operator" | "supervisor" | "reviewer" | "engineer" | "enterprise" | "device" | "admin";

export interface Session {
  /** The actor in every record. */
  name: string;
  /** As people call them. */
  display: string;
  role: Role;
  /** Seen besides what is shared; null: the whole park. */
  enterprise: string | null;
  park: string;
  park_name: string;
  /** The password was given by somebody else: nothing works until it is changed. */
  must_change_password: boolean;
}

export const session = ref<Session | null>(null);
/** False until it is known whether somebody is logged in. */
export const known = ref(false);

export const is = (...roles: Role[]): boolean => session.value !== null && roles.includes(session.value.role);
/** Who is on duty in the control room, and may act on alerts. */
export const onDuty = computed(() => is("operator", "supervisor", "admin"));

/** Ask the service who we are. Throws Problem where it does not answer. */
export async function ask(): Promise<void> {
  try {
    session.value = await get<Session>("/session");
  } catch (problem) {
    if (!(problem instanceof Problem) || problem.status !== 401) throw problem;
    session.value = null;
  }
  known.value = true;
}

/** Throws Problem: 401 wrong, 429 too often. */
export async function logIn(how: { name: string; password: string } | { key: string }): Promise<void> {
  await request("POST", "/session", { body: how });
  await ask();
}

export async function logOut(): Promise<void> {
  await remove("/session").catch(() => undefined);
  session.value = null;
}
