import { DAY_MS, minuteStartUs } from "../../shared/time/minute.ts";

/** After a gap this long in the footage, a clock that is ahead is as likely as a machine that was switched off. */
const GAP_DAYS = 7;

/** The time from which the age of footage is counted. */
export interface AgeClock {
  nowMs: number;
  /** Set while the machine's clock is not trusted: the reason, for the operator. */
  doubt?: string;
}

/**
 * A clock that is wrong by years must not make all footage too old at once. So the clock is trusted only when there has
 * been footage for at least seven days, without a gap of more than seven days, up to the current time. Otherwise age is
 * counted from the beginning of the last day before the gap, so that nothing is deleted too early. After a machine
 * really was off for weeks, deletion by age is up to eight days late. `days` are the days with footage, YYYYMMDD, of
 * the whole store.
 */
export function ageClock(days: Iterable<string>, nowMs: number): AgeClock {
  const starts = [...new Set(days)].map((day) => (minuteStartUs(`${day}.0000`) as number) / 1000);
  const past = starts.filter((startMs) => startMs <= nowMs).sort((a, b) => b - a);
  let laterMs = nowMs;
  for (const startMs of past) {
    if (laterMs - startMs > (GAP_DAYS + 1) * DAY_MS) {
      const day = new Date(startMs).toISOString().slice(0, 10);
      const doubt = `no footage leads from ${day} up to the machine's clock: until it has recorded for ${GAP_DAYS} days, age is counted from ${day}; see whether the clock is right`;
      return { nowMs: startMs, doubt };
    }
    if (nowMs - startMs > GAP_DAYS * DAY_MS) break;
    laterMs = startMs;
  }
  if (starts.length > 0 && past.length === 0) {
    return {
      nowMs,
      doubt: "all footage is of days to come: the machine's clock is behind, and nothing can be deleted",
    };
  }
  return { nowMs };
}
