/* Who is logged in. */

import { computed, ref } from "vue";

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

export const is = (...roles: Role[]): boolean => session.value !== null && roles.includes(session.value.role);
/** Who is on duty in the control room, and may act on alerts. */
export const onDuty = computed(() => is("operator", "supervisor", "admin"));
