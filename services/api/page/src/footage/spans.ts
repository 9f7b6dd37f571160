import type { MinuteState } from "../client/types.ts";
import { MINUTE_MS, MINUTES_A_DAY, UTC_DAY_MS, utcDayNumber } from "../time/minute.ts";
import type { CameraDay } from "./camera-day.ts";

/** A stretch of minutes in the same state, end exclusive; ms since the Unix epoch. */
export interface Span {
  fromMs: number;
  toMs: number;
  state: MinuteState;
}

/**
 * The stretches of footage that overlap a time, ascending, merged over minutes and days. They go by the names of minutes:
 * a GOP longer than a minute leaves a hole here that is no gap, until the api tells of spans (issue 12).
 */
export function listSpans(days: (day: number) => CameraDay | undefined, fromMs: number, toMs: number): Span[] {
  const spans: Span[] = [];
  let open: Span | undefined;
  for (let day = utcDayNumber(fromMs); day * UTC_DAY_MS < toMs; day++) {
    const minutes = days(day);
    if (minutes === undefined) continue;
    const dayMs = day * UTC_DAY_MS;
    const first = Math.max(0, Math.floor((fromMs - dayMs) / MINUTE_MS));
    const last = Math.min(MINUTES_A_DAY, Math.ceil((toMs - dayMs) / MINUTE_MS));
    for (let index = first; index < last; index++) {
      const state = minutes.state(index);
      if (state === undefined) continue;
      const startMs = dayMs + index * MINUTE_MS;
      if (open !== undefined && open.toMs === startMs && open.state === state) open.toMs += MINUTE_MS;
      else {
        open = { fromMs: startMs, toMs: startMs + MINUTE_MS, state };
        spans.push(open);
      }
    }
  }
  return spans;
}

/** What taking a range away gives: whole minutes, both ends inclusive, as the api's minute form of a range goes. */
export interface TakeAway {
  /** The start of the first minute and the end of the last, ms since the Unix epoch. */
  fromMs: number;
  toMs: number;
  /** How much of it was recorded; less than `toMs - fromMs` when there are gaps. */
  recordedMs: number;
  minutes: number;
  /** The sum of the minutes' files. */
  bytes: number;
}

/** The range of whole minutes that covers what lies between two marks, in whatever order they were set. */
export function takeAway(days: (day: number) => CameraDay | undefined, markMs: number, otherMs: number): TakeAway {
  const fromMs = Math.floor(Math.min(markMs, otherMs) / MINUTE_MS) * MINUTE_MS;
  const toMs = Math.max(fromMs + MINUTE_MS, Math.ceil(Math.max(markMs, otherMs) / MINUTE_MS) * MINUTE_MS);
  let minutes = 0;
  let bytes = 0;
  for (let timeMs = fromMs; timeMs < toMs; timeMs += MINUTE_MS) {
    const day = days(utcDayNumber(timeMs));
    const index = (timeMs % UTC_DAY_MS) / MINUTE_MS;
    if (day?.state(index) !== "ready") continue;
    minutes++;
    bytes += day.sizeBytes(index);
  }
  return { fromMs, toMs, recordedMs: minutes * MINUTE_MS, minutes, bytes };
}
