/* Chinese by default, English by a switch. Every part of the page keeps its words beside itself, in both. */

import { computed, ref, type ComputedRef } from "vue";

export type Language = "zh" | "en";

const KEPT = "parkwatch.language";

function kept(): Language {
  return localStorage.getItem(KEPT) === "en" ? "en" : "zh";
}

export const language = ref<Language>(kept());
document.documentElement.lang = language.value === "zh" ? "zh-CN" : "en";

export function speak(chosen: Language): void {
  language.value = chosen;
  localStorage.setItem(KEPT, chosen);
  document.documentElement.lang = chosen === "zh" ? "zh-CN" : "en";
}

/** The words of one part, in the language chosen. The compiler sees to it that both languages say the same things. */
export function words<T extends object>(zh: T, en: { [K in keyof T]: T[K] }): ComputedRef<T> {
  return computed(() => (language.value === "zh" ? zh : (en as T)));
}
