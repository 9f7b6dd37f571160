/** A step of the wall clock: somebody or something set it. */
export interface ClockStep {
  /** ISO 8601 UTC, by the clock after the step. */
  at: string;
  /** Positive when it was set forwards. */
  stepMs: number;
}

/** Slewing (500 ppm) moves a clock by less than this between two looks. */
const STEP_MS = 1000;
const REMEMBER_MS = 3_600_000;

/** Notices steps of the wall clock by comparing it with the monotonic clock. A suspended machine looks the same. */
export class ClockWatch {
  #offsetMs: number | undefined;
  #step: { step: ClockStep; noticedMs: number } | undefined;

  /** Compares the clocks; returns the newest step of the last hour. `monotonicMs` must never go back. */
  observe(wallMs: number, monotonicMs: number): ClockStep | undefined {
    const offsetMs = wallMs - monotonicMs;
    const stepMs = offsetMs - (this.#offsetMs ?? offsetMs);
    this.#offsetMs = offsetMs;
    if (Math.abs(stepMs) >= STEP_MS) {
      const step = { at: new Date(wallMs).toISOString(), stepMs: Math.round(stepMs) };
      this.#step = { step, noticedMs: monotonicMs };
    }
    if (this.#step !== undefined && monotonicMs - this.#step.noticedMs > REMEMBER_MS) this.#step = undefined;
    return this.#step?.step;
  }
}
