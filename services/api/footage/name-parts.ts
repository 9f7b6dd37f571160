import { CAMERA_ID_PATTERN } from "../../../shared/store/names.ts";
import { type Minute, minuteStartUs } from "../../../shared/time/minute.ts";
import { excerpt, Problem } from "../http/problem.ts";
import { fullDay } from "../http/query.ts";

/** The camera of a file's name. Throws Problem 400 when it is not an id; only ids become part of a path. */
export function cameraOfName(camera: string): string {
  if (CAMERA_ID_PATTERN.test(camera)) return camera;
  throw new Problem("bad-request", 400, "A camera's id is 1 to 64 letters, digits, _ or -.");
}

/** The minute of a file's name, its day also as YYMMDD. Throws Problem 400 when the calendar has no such minute. */
export function minuteOfName(day: string, time: string): Minute {
  const minute = `${fullDay(day) ?? day}.${time}`;
  if (minuteStartUs(minute) !== undefined) return minute;
  throw new Problem("invalid-date", 400, `"${excerpt(`${day}.${time}`)}" is no minute of the calendar.`);
}
