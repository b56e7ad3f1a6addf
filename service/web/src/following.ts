/* Asking again and again while a view is shown, and not once more after it is gone. */

import { onBeforeUnmount, onMounted } from "vue";

/** The next question comes so long after the answer to the one before. */
export function following(work: () => Promise<void>, every_ms: number): void {
  let timer = 0;
  let isOver = false;
  const again = async (): Promise<void> => {
    await work();
    if (!isOver) timer = window.setTimeout(again, every_ms);
  };
  onMounted(again);
  onBeforeUnmount(() => {
    isOver = true;
    clearTimeout(timer);
  });
}
