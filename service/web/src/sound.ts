/* Sound until somebody acknowledges: three patterns by priority, made by the browser itself. It can be muted for one
   minute only, and the minute is to be seen. What plays stands in `<html data-sound>`, for people and for tests. */

export type Playing = "off" | "p1" | "p2" | "p3" | "muted" | "blocked";

export const MUTE_MS = 60_000;
const STEP_MS = 250;

/** What is to be heard: of the worst unacknowledged priority; 4 is silent. */
export function wanted(priorities: Iterable<number>): Playing {
  let worst = 4;
  for (const one of priorities) worst = Math.min(worst, one);
  return worst < 4 ? (`p${worst}` as Playing) : "off";
}

/* Steps of a quarter of a second: frequency in Hz, 0 is a pause. */
const PATTERNS: Record<string, number[]> = {
  p1: [988, 740, 988, 740, 988, 740, 0, 0],
  p2: [784, 784, 0, 0, 784, 784, 0, 0, 0, 0],
  p3: [587, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
};

export class Sounder {
  #context: AudioContext | null = null;
  #want: Playing = "off";
  #step = 0;
  #mutedUntil_ms = 0;
  #shown: Playing | null = null;

  constructor(private readonly onChange: (playing: Playing, muted_s: number) => void) {
    setInterval(() => this.#beat(), STEP_MS);
    // A browser lets nobody make a sound before somebody has touched the page.
    for (const touch of ["pointerdown", "keydown"]) addEventListener(touch, () => this.allow(), { capture: true });
  }

  /** The priorities of all unacknowledged alarms. Something worse than before ends the mute. */
  update(priorities: Iterable<number>): void {
    const want = wanted(priorities);
    if (want !== "off" && (this.#want === "off" || want < this.#want)) this.#mutedUntil_ms = 0;
    if (want !== this.#want) this.#step = 0;
    this.#want = want;
    this.#tell();
  }

  mute(): void {
    this.#mutedUntil_ms = performance.now() + MUTE_MS;
    this.#tell();
  }

  allow(): void {
    this.#context ??= new AudioContext();
    if (this.#context.state === "suspended") void this.#context.resume().then(() => this.#tell());
  }

  get playing(): Playing {
    if (this.#want === "off") return "off";
    if (performance.now() < this.#mutedUntil_ms) return "muted";
    return this.#context?.state === "running" ? this.#want : "blocked";
  }

  #beat(): void {
    this.#tell();
    const pattern = PATTERNS[this.playing];
    if (!pattern || !this.#context) return;
    const hz = pattern[this.#step++ % pattern.length] ?? 0;
    if (hz === 0) return;
    const at = this.#context.currentTime;
    const tone = this.#context.createOscillator();
    const volume = this.#context.createGain();
    tone.frequency.value = hz;
    tone.type = "triangle";
    volume.gain.setValueAtTime(0.0001, at);
    volume.gain.exponentialRampToValueAtTime(0.3, at + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.0001, at + STEP_MS / 1e3);
    tone.connect(volume).connect(this.#context.destination);
    tone.start(at);
    tone.stop(at + STEP_MS / 1e3);
  }

  #tell(): void {
    const playing = this.playing;
    const muted_s = playing === "muted" ? Math.ceil((this.#mutedUntil_ms - performance.now()) / 1e3) : 0;
    if (playing !== this.#shown || muted_s) this.onChange(playing, muted_s);
    this.#shown = playing;
    document.documentElement.dataset.sound = playing;
  }
}
