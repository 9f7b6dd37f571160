import type { Minute } from "../../../shared/time/minute.ts";
import { Problem } from "../http/problem.ts";
import { cameraOfName, minuteOfName } from "./name-parts.ts";

/** A file of a minute, as the original's endpoints name it. */
export interface FootageFile {
  camera: string;
  minute: Minute;
  kind: "mp4" | "preview" | "thumbnail";
}

const FILE_PATTERN = /^([^./]*)\.(preview|thumbnail)\.(\d{6}|\d{8})\.(\d{4})\.(jpg|mp4)$/;

/**
 * Parses `{id}.preview.{YYYYMMDD}.{HHMM}.jpg`, `{id}.thumbnail.….jpg` and `{id}.preview.….mp4`, days also as YYMMDD.
 * Returns undefined when the name has another form. Throws Problem 400 when the camera id or the minute is invalid,
 * 404 for the video of a thumbnail. Only names that pass this check become part of a path.
 */
export function parseFootageFile(name: string): FootageFile | undefined {
  const match = FILE_PATTERN.exec(name);
  if (match === null) return undefined;
  const [, id, picture, date, time, extension] = match as unknown as [string, string, string, string, string, string];
  const camera = cameraOfName(id);
  if (extension === "mp4" && picture === "thumbnail") {
    const detail = "Thumbnails are jpg; the video of a minute is {id}.preview.{YYYYMMDD}.{HHMM}.mp4.";
    throw new Problem("no-such-resource", 404, detail);
  }
  const minute = minuteOfName(date, time);
  return { camera, minute, kind: extension === "mp4" ? "mp4" : (picture as "preview" | "thumbnail") };
}
