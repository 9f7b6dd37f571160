import type { Minute } from "../../../shared/time/minute.ts";
import { cameraOfName, minuteOfName } from "../footage/name-parts.ts";
import { Problem } from "../http/problem.ts";

/** A range of minutes by name, both ends inclusive. */
export interface MinuteRange {
  camera: string;
  from: Minute;
  to: Minute;
}

const RANGE_PATTERN = /^([^./]*)\.range\.(\d{6}|\d{8})\.(\d{4})\.to\.(\d{6}|\d{8})\.(\d{4})\.mp4$/;

/**
 * Parses `{id}.range.{YYYYMMDD}.{HHMM}.to.{YYYYMMDD}.{HHMM}.mp4`, days also as YYMMDD. Returns undefined when the name
 * has another form. Throws Problem 400 when the camera id or a minute is invalid, or the end is before the start.
 */
export function parseRangeName(name: string): MinuteRange | undefined {
  const match = RANGE_PATTERN.exec(name);
  if (match === null) return undefined;
  const [, id, fromDay, fromTime, toDay, toTime] = match as unknown as [string, string, string, string, string, string];
  const camera = cameraOfName(id);
  const from = minuteOfName(fromDay, fromTime);
  const to = minuteOfName(toDay, toTime);
  if (to < from) throw new Problem("invalid-time", 400, `The range ends (${to}) before it begins (${from}).`);
  return { camera, from, to };
}
