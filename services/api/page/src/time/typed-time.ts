import { zoneName } from "./format.ts";
import { addLocalDays, isCalendarDay, localInstants } from "./local-day.ts";
import { HOUR_MS, MINUTE_MS, SECOND_MS, UTC_DAY_MS } from "./minute.ts";

/** What typed text means: an instant (ms since the Unix epoch), or why it means none. */
export type TypedTime = { timeMs: number } | { problem: string };

const UNITS_MS: Record<string, number> = { s: SECOND_MS, m: MINUTE_MS, min: MINUTE_MS, h: HOUR_MS, d: UTC_DAY_MS };
const HELP = "Try 14:33, 2026-11-24 14:33, 24.11. 14:33, yesterday 8:00 or -15m.";

/**
 * Reads a date and time as people type them, in the viewer's zone: `14:33`, `14:33:05`, `2026-11-24 14:33`, `24.11.
 * 14:33`, `24.11.2026`, `yesterday 8:00`, `-15m` (before the displayed time), `now`, or ISO 8601 with a zone. A time
 * alone means the displayed day; a date alone means its midnight. In the hour that clocks repeat, the first pass is
 * meant unless the zone's name follows (`02:30 CET`).
 */
export function parseTypedTime(text: string, shownMs: number, nowMs: number): TypedTime {
  const typed = text.trim().toLowerCase().replace(/\s+/g, " ");
  if (typed === "now") return { timeMs: nowMs };
  const relative = /^([+-]) ?(\d{1,5}) ?(s|min|m|h|d)$/.exec(typed);
  if (relative !== null) {
    const [, sign, count, unit] = relative as unknown as [string, string, string, string];
    return { timeMs: shownMs + (sign === "-" ? -1 : 1) * Number(count) * (UNITS_MS[unit] ?? 0) };
  }
  if (/^\d{4}-\d{2}-\d{2}t\d{2}:\d{2}(:\d{2}(\.\d+)?)?(z|[+-]\d{2}:?\d{2})$/.test(typed)) {
    const timeMs = Date.parse(typed.toUpperCase());
    const [year, month, day] = typed.slice(0, 10).split("-").map(Number) as [number, number, number];
    return Number.isNaN(timeMs) || !isCalendarDay(year, month, day)
      ? { problem: `"${text.trim()}" is no time of the calendar.` }
      : { timeMs };
  }
  return parseDayAndClock(
    typed.replace("t", typed.match(/^\d{4}-\d\d-\d\dt/) ? " " : "t"),
    text.trim(),
    shownMs,
    nowMs,
  );
}

function parseDayAndClock(typed: string, original: string, shownMs: number, nowMs: number): TypedTime {
  const match =
    /^(?:(today|yesterday|\d{4}-\d{1,2}-\d{1,2}|\d{1,2}\.\d{1,2}\.(?:\d{4})?))?[ ,]*(?:(\d{1,2}):(\d{2})(?::(\d{2}))?(?: ([a-z][a-z0-9+:-]*))?)?$/.exec(
      typed,
    );
  if (match === null || typed === "") return { problem: `"${original}" is not understood. ${HELP}` };
  const [, day, hour, minute, second, zone] = match;
  const date = readDay(day, shownMs, nowMs);
  const [h, m, s] = [hour, minute, second].map((part) => Number(part ?? 0)) as [number, number, number];
  if (h > 23 || m > 59 || s > 59) return { problem: `"${original}" is no time of day.` };
  const instants = localInstants(date.year, date.month, date.day, h, m, s);
  if (instants.length === 0) {
    const problem = isCalendarDay(date.year, date.month, date.day)
      ? "Clocks were put forward over that time: it did not exist."
      : `"${original}" is no day of the calendar.`;
    return { problem };
  }
  const named = instants.find((timeMs) => zoneName(timeMs).toLowerCase() === zone);
  return { timeMs: named ?? (instants[0] as number) };
}

function readDay(
  text: string | undefined,
  shownMs: number,
  nowMs: number,
): { year: number; month: number; day: number } {
  const shown = new Date(shownMs);
  if (text === undefined) return { year: shown.getFullYear(), month: shown.getMonth() + 1, day: shown.getDate() };
  if (text === "today" || text === "yesterday") {
    const date = new Date(addLocalDays(nowMs, text === "today" ? 0 : -1));
    return { year: date.getFullYear(), month: date.getMonth() + 1, day: date.getDate() };
  }
  if (text.includes("-")) {
    const [year, month, day] = text.split("-").map(Number) as [number, number, number];
    return { year, month, day };
  }
  const [day, month, year] = text.split(".") as [string, string, string];
  return { year: year === "" ? shown.getFullYear() : Number(year), month: Number(month), day: Number(day) };
}
