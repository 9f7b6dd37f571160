/** The two clocks of the host; tests that simulate days replace them. */
export interface SystemClock {
  /** The wall clock, µs since the Unix epoch; it may be stepped. */
  wallUs(): number;
  /** A clock that only ever goes forward, µs since the host's boot. */
  monotonicUs(): number;
}

/** The clocks of this host. */
export const hostClock: SystemClock = {
  wallUs: () => Date.now() * 1000,
  monotonicUs: () => Number(process.hrtime.bigint() / 1000n),
};
