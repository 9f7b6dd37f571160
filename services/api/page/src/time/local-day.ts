import { HOUR_MS, MINUTE_MS } from "./minute.ts";

/**
 * Days and hours of the viewer's zone. Times are always ms since the Unix epoch: a day on which clocks go back simply
 * has 25 hours, and nothing of it is hidden or shown twice.
 */

/** Midnight (or, where clocks skip it, the first instant) of the local day that contains a time. */
export function startOfLocalDay(timeMs: number): number {
  const date = new Date(timeMs);
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}

/** The start of the local day that is `days` after the one that contains a time. */
export function addLocalDays(timeMs: number, days: number): number {
  const date = new Date(timeMs);
  return new Date(date.getFullYear(), date.getMonth(), date.getDate() + days).getTime();
}

/** The same wall-clock time `days` later, or an hour later where a clock change skips it; never fails. */
export function sameTimeOtherDay(timeMs: number, days: number): number {
  const date = new Date(timeMs);
  date.setDate(date.getDate() + days);
  return date.getTime();
}

/** The local day that contains a time: its start, and its end, which is the start of the next day. */
export function localDay(timeMs: number): { fromMs: number; toMs: number } {
  const fromMs = startOfLocalDay(timeMs);
  return { fromMs, toMs: addLocalDays(fromMs, 1) };
}

/** How far local time is ahead of UTC at a time, in ms. */
export function zoneOffsetMs(timeMs: number): number {
  return -new Date(timeMs).getTimezoneOffset() * MINUTE_MS;
}

/** Whether clocks change within the local day of a time: then labels give the zone with the hour. */
export function hasClockChange(timeMs: number): boolean {
  const { fromMs, toMs } = localDay(timeMs);
  return toMs - fromMs !== 24 * HOUR_MS;
}

/** Whether the calendar has such a day; the month counts from 1. */
export function isCalendarDay(year: number, month: number, day: number): boolean {
  const date = new Date(Date.UTC(year, month - 1, day));
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}

/**
 * Every instant at which local clocks show a time of day, ascending: none when clocks skip it or the day does not
 * exist, two when clocks go back over it. The month counts from 1.
 */
export function localInstants(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
): number[] {
  const asUtcMs = Date.UTC(year, month - 1, day, hour, minute, second);
  if (!isCalendarDay(year, month, day)) return [];
  const offsets = new Set([asUtcMs - 24 * HOUR_MS, asUtcMs + 24 * HOUR_MS].map(zoneOffsetMs));
  return [...offsets]
    .map((offsetMs) => asUtcMs - offsetMs)
    .filter((timeMs) => timeMs + zoneOffsetMs(timeMs) === asUtcMs)
    .sort((a, b) => a - b);
}
