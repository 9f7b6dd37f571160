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
 * The stretches of footage that overlap a period, ascending, merged across minutes and days. They start and end at
 * whole minutes, by the files' names.
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

/** How much footage is between two marks. */
export interface TakeAway {
  /** How much of the time was recorded; less than its length when there are gaps. */
  recordedMs: number;
  /** Estimated size of its video, from the sizes of the minutes. */
  bytes: number;
}

/** Estimates what is between two times, ms since the Unix epoch: part of a minute counts proportionally. */
export function takeAway(days: (day: number) => CameraDay | undefined, fromMs: number, toMs: number): TakeAway {
  let recordedMs = 0;
  let bytes = 0;
  for (let minuteMs = Math.floor(fromMs / MINUTE_MS) * MINUTE_MS; minuteMs < toMs; minuteMs += MINUTE_MS) {
    const day = days(utcDayNumber(minuteMs));
    const index = (minuteMs % UTC_DAY_MS) / MINUTE_MS;
    const state = day?.state(index);
    if (day === undefined || state === undefined || state === "quarantined") continue;
    const takenMs = Math.min(toMs, minuteMs + MINUTE_MS) - Math.max(fromMs, minuteMs);
    recordedMs += takenMs;
    bytes += (day.sizeBytes(index) * takenMs) / MINUTE_MS;
  }
  return { recordedMs, bytes: Math.round(bytes) };
}
