import { performance } from "node:perf_hooks";

const STEP_US = 50_000;

/**
 * The wall clock in µs, also between the ticks of Date.now(): the monotonic clock plus an offset. When the wall clock
 * is stepped, {@link checkForStep} corrects the offset.
 */
export class WallClock {
  private offsetUs = measureOffset();

  /** µs since the Unix epoch. */
  nowUs(): number {
    return Math.round(this.offsetUs + performance.now() * 1000);
  }

  /** By how many µs the wall clock was stepped since the last call; 0 when it was not. */
  checkForStep(): number {
    const differenceUs = Date.now() * 1000 + 500 - this.nowUs();
    if (Math.abs(differenceUs) < STEP_US) return 0;
    this.offsetUs += differenceUs;
    return differenceUs;
  }
}

/** Waits for the next tick of Date.now() (1 ms at most), so that the offset is exact to a few µs. */
function measureOffset(): number {
  const before = Date.now();
  let now = before;
  while (now === before) now = Date.now();
  return now * 1000 - performance.now() * 1000;
}
