import { setImmediate } from "node:timers/promises";

const LONGEST_MS = 8;

/** For long work on the event loop: yields to other work whenever it has run for some milliseconds. */
export class TimeSlice {
  #startMs = performance.now();

  /** To be called between small pieces of work. */
  async pause(): Promise<void> {
    if (performance.now() - this.#startMs < LONGEST_MS) return;
    await setImmediate();
    this.#startMs = performance.now();
  }
}
