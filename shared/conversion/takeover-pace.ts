/** How soon the work of a converter that has died or is frozen is taken over. */
export interface TakeoverPace {
  /** Interval at which the holder of a minute's lock updates it. */
  heartbeatMs: number;
  /** A lock that was not updated for this long is stale, and is taken over. */
  staleMs: number;
  /** How long a job of the queue belongs to its converter without a renewal (BullMQ's `lockDuration`). */
  jobLockMs: number;
  /** Interval at which converters look for jobs whose lock has expired (BullMQ's `stalledInterval`). */
  stalledCheckMs: number;
}

/** The jobs of a converter that has died are taken over after at most 25 s. */
export const TAKEOVER_PACE: TakeoverPace = {
  heartbeatMs: 3000,
  staleMs: 15_000,
  jobLockMs: 15_000,
  stalledCheckMs: 10_000,
};
