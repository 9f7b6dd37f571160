import { minuteStartUs } from "../../../shared/time/minute.ts";
import { cameraOfName } from "../footage/name-parts.ts";
import { excerpt, invalidDate, Problem } from "../http/problem.ts";
import { fullDay } from "../http/query.ts";

/** A camera's hour, `YYYYMMDD.HH`. */
export interface CameraHour {
  camera: string;
  hour: string;
}

const SHEET_PATTERN = /^([^./]*)\.sprites\.(\d{6}|\d{8})\.(\d{2})\.jpg$/;

/**
 * Parses `{id}.sprites.{YYYYMMDD}.{HH}.jpg`, days also as YYMMDD. Returns undefined when the name has another form.
 * Throws Problem 400 when the camera id or the hour is invalid.
 */
export function parseSheetName(name: string): CameraHour | undefined {
  const match = SHEET_PATTERN.exec(name);
  if (match === null) return undefined;
  const [, id, date, hour] = match as unknown as [string, string, string, string];
  const camera = cameraOfName(id);
  const day = fullDay(date);
  if (day === undefined) throw invalidDate(date);
  if (minuteStartUs(`${day}.${hour}00`) === undefined) {
    throw new Problem("invalid-date", 400, `"${excerpt(hour)}" is no hour of the day.`);
  }
  return { camera, hour: `${day}.${hour}` };
}
