/** How soon a converter that has died or is frozen has its work taken over. */
export interface TakeoverPace {
  /** How often the holder of a minute's lock shows that it lives. */
  heartbeatMs: number;
  /** A lock whose heart has stood still for so long is taken over. */
  staleMs: number;
  /** A job of the queue belongs to its converter for so long, unless that renews it (BullMQ's `lockDuration`). */
  jobLockMs: number;
  /** How often converters look for jobs that belong to nobody any more (BullMQ's `stalledInterval`). */
  stalledCheckMs: number;
}

/** A converter that dies has its jobs taken over after at most 25 s. */
export const TAKEOVER_PACE: TakeoverPace = {
  heartbeatMs: 3000,
  staleMs: 15_000,
  jobLockMs: 15_000,
  stalledCheckMs: 10_000,
};
