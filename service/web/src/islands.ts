/* The views that are built with Vue, each mounted when it is first shown and taken down when it no longer is. */

import { createApp, h, ref, type App, type Component } from "vue";
import type { Case } from "@/cases/api";

/** Called with the rest of the address when a view is shown, and with null when it no longer is. */
type Follow = (rest: string[] | null) => void;

/** Changes with every step of a case that this person sees. */
export const casesVersion = ref(0);
export const refreshCases = (): void => void casesVersion.value++;

function island(load: () => Promise<{ default: Component }>): (node: HTMLElement) => Follow {
  return (node) => {
    const rest = ref<string[]>([]);
    let app: App | null = null;
    let wanted = false;
    return (now) => {
      wanted = now !== null;
      if (now === null) {
        app?.unmount();
        app = null;
        return;
      }
      rest.value = now;
      if (app) return;
      void load().then(({ default: view }) => {
        if (!wanted || app) return;
        app = createApp({ render: () => h(view, { rest: rest.value }) });
        app.mount(node);
      });
    };
  };
}

export const mountCases = island(() => import("@/cases/CasesView.vue"));
export const mountPark = island(() => import("@/park/ParkView.vue"));
export const mountDuty = island(() => import("@/duty/DutyView.vue"));
export const mountReview = island(() => import("@/review/ReviewView.vue"));
export const mountAdmin = island(() => import("@/admin/AdminView.vue"));

export interface DispatchedAlert {
  id: string;
  target: string;
  target_name: string;
  level: string;
  priority: number;
  enterprise: string;
  enterprise_name: string;
  guidance: string;
}

/** A dialog over everything; it takes itself down. */
export async function openDispatch(alerts: DispatchedAlert[], onDone: (made: Case) => void): Promise<void> {
  const { default: dialog } = await import("@/cases/DispatchDialog.vue");
  const node = document.getElementById("dialogs")!.appendChild(document.createElement("div"));
  const app = createApp(dialog, {
    alerts,
    onDone,
    onClosed: () => {
      app.unmount();
      node.remove();
    },
  });
  app.mount(node);
}
