/* Which view stands where. Each is loaded when it is first seen, so the wall does not pay for the desk. */

import { createRouter, createWebHashHistory, type RouteRecordRaw } from "vue-router";
import type { Role } from "@/session/session";

declare module "vue-router" {
  interface RouteMeta {
    /** Who has it in the navigation; undefined: everybody. */
    roles?: Role[];
    /** In both languages; without it the view is not in the navigation. */
    title?: { zh: string; en: string };
  }
}

const PARK: Role[] = ["operator", "supervisor", "reviewer", "engineer", "admin"];

export const routes: RouteRecordRaw[] = [
  { path: "/", redirect: "/desk" },
  { path: "/desk", component: () => import("@/views/desk/DeskView.vue"), meta: { title: { zh: "值班", en: "Desk" } } },
  { path: "/wall", component: () => import("@/views/wall/WallView.vue"), meta: { roles: PARK, title: { zh: "大屏", en: "Wall" } } },
  { path: "/trend", component: () => import("@/views/trend/TrendView.vue"), meta: { title: { zh: "趋势", en: "Trend" } } },
  { path: "/enterprises/:id", component: () => import("@/views/enterprise/EnterpriseView.vue") },
  { path: "/sources/:id", component: () => import("@/views/source/SourceView.vue") },
  { path: "/outlets/:id", component: () => import("@/views/outlet/OutletView.vue") },
  { path: "/emissions", component: () => import("@/views/emissions/EmissionsView.vue"), meta: { title: { zh: "排放", en: "Emissions" } } },
  { path: "/cases", component: () => import("@/views/cases/CasesView.vue"), meta: { title: { zh: "工单", en: "Cases" } } },
  { path: "/cases/:id", component: () => import("@/views/cases/CaseView.vue") },
  { path: "/shift", component: () => import("@/views/shift/ShiftView.vue"), meta: { roles: PARK, title: { zh: "交接班", en: "Shift" } } },
  { path: "/duties", component: () => import("@/views/duties/DutiesView.vue"), meta: { title: { zh: "履职", en: "Duties" } } },
  { path: "/review", component: () => import("@/views/review/ReviewView.vue"), meta: { title: { zh: "复盘", en: "Review" } } },
  { path: "/portal", component: () => import("@/views/portal/PortalView.vue"), meta: { roles: ["enterprise"], title: { zh: "企业门户", en: "Portal" } } },
  { path: "/admin", component: () => import("@/views/admin/AdminView.vue"), meta: { roles: ["admin"], title: { zh: "管理", en: "Admin" } } },
];

export const router = createRouter({ history: createWebHashHistory(), routes });
