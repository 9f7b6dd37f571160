import { setImmediate } from "node:timers/promises";

const LONGEST_MS = 8;

/** For long work on the event loop: lets others have their turn whenever it has gone on for some milliseconds. */
export class TimeSlice {
  #startMs = performance.now();

  /** Call between small pieces of work. */
  async pause(): Promise<void> {
    if (performance.now() - this.#startMs < LONGEST_MS) return;
    await setImmediate();
    this.#startMs = performance.now();
  }
}
