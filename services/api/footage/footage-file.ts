import { CAMERA_ID_PATTERN } from "../../../shared/store/names.ts";
import type { Minute } from "../../../shared/time/minute.ts";
import { minuteStartUs } from "../../../shared/time/minute.ts";
import { fullDay } from "../http/query.ts";

/** A file of a minute, as the original's endpoints name it. */
export interface FootageFile {
  camera: string;
  minute: Minute;
  kind: "mp4" | "preview" | "thumbnail";
}

/** Why a name is none of ours, in words for the client. */
export interface BadName {
  status: 400 | 404;
  detail: string;
}

const FILE_PATTERN = /^([^./]*)\.(preview|thumbnail)\.(\d{6}|\d{8})\.(\d{4})\.(jpg|mp4)$/;

/**
 * Parses `{id}.preview.{YYYYMMDD}.{HHMM}.jpg`, `{id}.thumbnail.….jpg` and `{id}.preview.….mp4`, days also as YYMMDD.
 * Only what this pattern lets through ever becomes a part of a path. Never throws.
 */
export function parseFootageFile(name: string): FootageFile | BadName {
  const match = FILE_PATTERN.exec(name);
  if (match === null) {
    return {
      status: 404,
      detail: "Files are named {id}.preview.{YYYYMMDD}.{HHMM}.jpg or .mp4, or {id}.thumbnail.….jpg.",
    };
  }
  const [, camera, picture, date, time, extension] = match as unknown as [
    string,
    string,
    string,
    string,
    string,
    string,
  ];
  if (!CAMERA_ID_PATTERN.test(camera)) {
    return { status: 400, detail: "A camera's id is 1 to 64 letters, digits, _ or -." };
  }
  if (extension === "mp4" && picture === "thumbnail") {
    return { status: 404, detail: "Thumbnails are jpg; the video of a minute is {id}.preview.{YYYYMMDD}.{HHMM}.mp4." };
  }
  const minute = `${fullDay(date)}.${time}`;
  if (minuteStartUs(minute) === undefined)
    return { status: 400, detail: `${date}.${time} is no minute of the calendar.` };
  return { camera, minute, kind: extension === "mp4" ? "mp4" : (picture as "preview" | "thumbnail") };
}
