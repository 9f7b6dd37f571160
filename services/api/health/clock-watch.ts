/** A wall clock that was set. */
export interface ClockStep {
  /** ISO 8601 UTC, by the clock after the step. */
  at: string;
  /** Positive when it was set forwards. */
  stepMs: number;
}

/** Slewing (500 ppm) moves a clock by less between two looks. */
const STEP_MS = 1000;
const REMEMBER_MS = 3_600_000;

/** Notices that the wall clock was set, by a clock that never is. A machine that slept looks the same. */
export class ClockWatch {
  #offsetMs: number | undefined;
  #step: { step: ClockStep; noticedMs: number } | undefined;

  /** Compares the clocks; returns the newest step of the last hour. `monotonicMs` only ever goes forward. */
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
