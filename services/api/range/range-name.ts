import { CAMERA_ID_PATTERN } from "../../../shared/store/names.ts";
import { type Minute, minuteStartUs } from "../../../shared/time/minute.ts";
import { excerpt, Problem } from "../http/problem.ts";
import { fullDay } from "../http/query.ts";

/** A range of minutes by their names, both ends inclusive. */
export interface MinuteRange {
  camera: string;
  from: Minute;
  to: Minute;
}

const RANGE_PATTERN = /^([^./]*)\.range\.(\d{6}|\d{8})\.(\d{4})\.to\.(\d{6}|\d{8})\.(\d{4})\.mp4$/;

/**
 * Parses `{id}.range.{YYYYMMDD}.{HHMM}.to.{YYYYMMDD}.{HHMM}.mp4`, days also as YYMMDD; undefined when the name is not of
 * this form. Throws Problem 400 when it is, but names no camera id, no minute of the calendar, or an end before the start.
 */
export function parseRangeName(name: string): MinuteRange | undefined {
  const match = RANGE_PATTERN.exec(name);
  if (match === null) return undefined;
  const [, camera, fromDay, fromTime, toDay, toTime] = match as unknown as [
    string,
    string,
    string,
    string,
    string,
    string,
  ];
  if (!CAMERA_ID_PATTERN.test(camera)) {
    throw new Problem("bad-request", 400, "A camera's id is 1 to 64 letters, digits, _ or -.");
  }
  const from = parseMinute(fromDay, fromTime);
  const to = parseMinute(toDay, toTime);
  if (to < from) throw new Problem("invalid-time", 400, `The range ends (${to}) before it begins (${from}).`);
  return { camera, from, to };
}

function parseMinute(day: string, time: string): Minute {
  const minute = `${fullDay(day) ?? day}.${time}`;
  if (minuteStartUs(minute) !== undefined) return minute;
  throw new Problem("invalid-date", 400, `"${excerpt(`${day}.${time}`)}" is no minute of the calendar.`);
}
