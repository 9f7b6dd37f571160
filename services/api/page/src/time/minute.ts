import { type Minute, minuteAt, minuteStartUs } from "../../../../../shared/time/minute.ts";

export const SECOND_MS = 1000;
export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
/** A UTC day, which always has 24 hours; for the viewer's days see local-day.ts. */
export const UTC_DAY_MS = 86_400_000;
export const MINUTES_A_DAY = 1440;

/** The token `YYYYMMDD.HHMM` (UTC) of the minute that contains a time, ms since the Unix epoch. */
export function minuteToken(timeMs: number): Minute {
  return minuteAt(timeMs * 1000);
}

/** The start of the minute that a token names, ms since the Unix epoch; undefined when the token is not valid. */
export function minuteStartMs(token: Minute): number | undefined {
  const startUs = minuteStartUs(token);
  return startUs === undefined ? undefined : startUs / 1000;
}

/** The number of a UTC day, counted from 1970-01-01. */
export function utcDayNumber(timeMs: number): number {
  return Math.floor(timeMs / UTC_DAY_MS);
}

/** `YYYYMMDD` of a UTC day's number. */
export function utcDayToken(day: number): string {
  return minuteToken(day * UTC_DAY_MS).slice(0, 8);
}

/** The number of the UTC day that `YYYYMMDD` names; undefined when the token is not valid. */
export function utcDayOfToken(token: string): number | undefined {
  const startMs = minuteStartMs(`${token}.0000`);
  return startMs === undefined ? undefined : startMs / UTC_DAY_MS;
}

export function floorMinute(timeMs: number): number {
  return Math.floor(timeMs / MINUTE_MS) * MINUTE_MS;
}
