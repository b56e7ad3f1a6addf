import { createApp, defineComponent, h } from "vue";
import { expect, it, vi } from "vitest";
import { following } from "@/following";

it("asks no more once the view is gone, not even where an answer was still on its way", async () => {
  vi.useFakeTimers();
  let asked = 0;
  let answer: () => void = () => undefined;
  const view = defineComponent({
    setup() {
      following(() => new Promise<void>((done) => ((answer = done), asked++)), 1_000);
      return () => h("p");
    },
  });
  const app = createApp(view);
  app.mount(document.createElement("div"));
  expect(asked).toBe(1);
  answer();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(asked).toBe(2);
  app.unmount();
  answer();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(asked).toBe(2);
});
