import type { SystemClock } from "../clock/system-clock.ts";

/** A host's clocks under a test's control: `advanceTo` sets true time, and the wall clock may be stepped. */
export class SimulatedClock implements SystemClock {
  #nowUs = 0;
  /** Wall clock minus true time; tests may change it. */
  wallStepUs = 0;
  readonly #startUs: number;

  /** @param startUs the wall clock at the beginning, µs since the Unix epoch */
  constructor(startUs: number) {
    this.#startUs = startUs;
  }

  /** µs since the beginning. */
  get nowUs(): number {
    return this.#nowUs;
  }

  advanceTo(nowUs: number): void {
    this.#nowUs = Math.max(this.#nowUs, nowUs);
  }

  /** The wall clock `atUs` after the beginning, had it never been stepped. */
  trueWallUs(atUs: number): number {
    return this.#startUs + atUs;
  }

  /** In whole milliseconds, like Date.now(). */
  wallUs(): number {
    return Math.floor((this.trueWallUs(this.#nowUs) + this.wallStepUs) / 1000) * 1000;
  }

  monotonicUs(): number {
    return this.#nowUs + 7_777_777;
  }
}
