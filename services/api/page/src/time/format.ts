import { hasClockChange, startOfLocalDay } from "./local-day.ts";
import { HOUR_MS, MINUTE_MS, SECOND_MS, UTC_DAY_MS } from "./minute.ts";

/** How the page writes times: in the viewer's zone, 24 hours, and with the zone wherever a time stands alone. */

const ZONE = new Intl.DateTimeFormat("en-GB", { timeZoneName: "short" });
const DATE = new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "numeric", month: "short", year: "numeric" });
const SHORT_DATE = new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "numeric", month: "short" });

/** The short name of the zone at a time, such as CET or GMT+5:30. */
export function zoneName(timeMs: number): string {
  return ZONE.formatToParts(timeMs).find((part) => part.type === "timeZoneName")?.value ?? "local time";
}

/** `14:33`. */
export function formatClock(timeMs: number): string {
  const date = new Date(timeMs);
  return `${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** `14:33:05`. */
export function formatSeconds(timeMs: number): string {
  return `${formatClock(timeMs)}:${two(new Date(timeMs).getSeconds())}`;
}

/** `14:33:05.48`. */
export function formatHundredths(timeMs: number): string {
  return `${formatSeconds(timeMs)}.${two(Math.floor((((timeMs % 1000) + 1000) % 1000) / 10))}`;
}

/** `Tue, 24 Nov 2026`. */
export function formatDate(timeMs: number): string {
  return DATE.format(timeMs);
}

/** `Tue, 24 Nov`. */
export function formatShortDate(timeMs: number): string {
  return SHORT_DATE.format(timeMs);
}

/** `14:33`, or `02:33 CEST` on a day on which clocks change, where an hour without a zone may be ambiguous. */
export function formatClockSafely(timeMs: number): string {
  return hasClockChange(timeMs) ? `${formatClock(timeMs)} ${zoneName(timeMs)}` : formatClock(timeMs);
}

/** `14:33:05`, or on a day on which clocks change `02:33:05 CEST`. */
export function formatSecondsSafely(timeMs: number): string {
  return hasClockChange(timeMs) ? `${formatSeconds(timeMs)} ${zoneName(timeMs)}` : formatSeconds(timeMs);
}

/** `today 14:33 CET`, `yesterday 14:33 CET`, `Tue, 24 Nov 14:33 CET`. */
export function formatMoment(timeMs: number, nowMs: number): string {
  const daysAgo = Math.round((startOfLocalDay(nowMs) - startOfLocalDay(timeMs)) / UTC_DAY_MS);
  const day = daysAgo === 0 ? "today" : daysAgo === 1 ? "yesterday" : formatShortDate(timeMs);
  return `${day} ${formatClock(timeMs)} ${zoneName(timeMs)}`;
}

/** `45 s`, `12 min`, `1 h 05 min`, `3 d 4 h`; a negative duration counts as 0. */
export function formatDuration(durationMs: number): string {
  const ms = Math.max(0, durationMs);
  if (ms < MINUTE_MS) return `${Math.round(ms / SECOND_MS)} s`;
  if (ms < HOUR_MS) {
    const seconds = Math.round((ms % MINUTE_MS) / SECOND_MS);
    return seconds === 0 || seconds === 60 || ms >= 10 * MINUTE_MS
      ? `${Math.round(ms / MINUTE_MS)} min`
      : `${Math.floor(ms / MINUTE_MS)} min ${seconds} s`;
  }
  const minutes = Math.round(ms / MINUTE_MS);
  if (minutes < 24 * 60)
    return minutes % 60 === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`;
  const hours = Math.round(minutes / 60);
  return hours % 24 === 0 ? `${hours / 24} d` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** To the second: `45 s`, `12 min 5 s`, `1 h 05 min`. */
export function formatExactDuration(durationMs: number): string {
  const seconds = Math.round(durationMs / SECOND_MS);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const parts = [
    hours > 0 ? `${hours} h` : [],
    minutes > 0 ? `${hours > 0 ? two(minutes) : minutes} min` : [],
    seconds % 60 > 0 || seconds === 0 ? `${seconds % 60} s` : [],
  ];
  return parts.flat().join(" ");
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}
