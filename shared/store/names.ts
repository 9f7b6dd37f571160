import { join } from "node:path";
import { dayOf, isDay, type Minute, minuteStartUs } from "../time/minute.ts";

/**
 * The only place that builds and parses the names of files in the store:
 *
 *     {camera directory}/YYYYMMDD/{camera}.YYYYMMDD.HHMM.chunk        being written, or waiting for conversion
 *     {camera directory}/YYYYMMDD/{camera}.YYYYMMDD.HHMM.2.chunk      a further part of the same minute
 *     {camera directory}/YYYYMMDD/{camera}.YYYYMMDD.HHMM.mp4
 *     {camera directory}/YYYYMMDD/{camera}.YYYYMMDD.HHMM.preview.jpg
 *     {camera directory}/YYYYMMDD/{camera}.YYYYMMDD.HHMM.thumbnail.jpg
 *     {camera directory}/quarantine/{any of the chunk names}          chunks that could not be converted
 *     {camera directory}/YYYYMMDD/.{final name}.{random}.tmp          being written aside, never shown
 *     {camera directory}/YYYYMMDD/{camera}.YYYYMMDD.HHMM.keep         the reaper leaves this minute alone
 *     {storage root}/.sprites/YYYYMMDD/{camera}.YYYYMMDD.HH.v1.jpg    the thumbnails of an hour; can be created again
 */
export type FootageKind = "chunk" | "mp4" | "preview" | "thumbnail";

/** The parts of a file name in a day folder. */
export interface FootageName {
  camera: string;
  minute: Minute;
  kind: FootageKind;
  /** The part of a minute that a chunk holds, from 1; always 1 for the other kinds. */
  part: number;
}

export const CAMERA_ID_PATTERN = /^[A-Za-z0-9_-]{1,64}$/;
/** In the storage root: remembers every directory that a camera was recorded into, see directories.ts. */
export const CAMERA_LIST_FOLDER = ".cameras";
/** In the storage root: what the reaper deleted and why, see reaped-log.ts of the reaper. */
export const REAPED_FOLDER = ".reaped";
/** In the storage root: sprite sheets, which can all be created again; see sprite-sheet.ts. */
export const SPRITES_FOLDER = ".sprites";
/** In the storage root: locked (flock(2)) by the `nvr up` that records there. */
export const UP_LOCK_FILE = ".nvr-up.lock";
export const QUARANTINE_FOLDER = "quarantine";
/**
 * Part of the names of sprite sheets, so that a sheet that another version of Hindsight drew is never used by this one.
 * To be raised whenever the same thumbnails give another sheet: see draw-sheet.ts of the api.
 */
export const SPRITE_LAYOUT = 1;

const EXTENSIONS: Record<FootageKind, string> = {
  chunk: "chunk",
  mp4: "mp4",
  preview: "preview.jpg",
  thumbnail: "thumbnail.jpg",
};

const NAME_PATTERN =
  /^([A-Za-z0-9_-]{1,64})\.(\d{8}\.\d{4})\.(?:(chunk|mp4)|(preview|thumbnail)\.jpg|([1-9]\d{0,5})\.chunk)$/;
/** Matches sheets of any layout; those of version 0.1.0 have no layout in their names. */
const SPRITE_SHEET_PATTERN = /^([A-Za-z0-9_-]{1,64})\.(\d{8}\.\d{2})(?:\.v\d{1,9})?\.jpg$/;
const TEMPORARY_PATTERN = /^\.(.+)\.[0-9a-f]{12}\.tmp$/;

/** The folder of one day of a camera: `{camera directory}/YYYYMMDD`. */
export function dayFolder(cameraDirectory: string, day: string): string {
  return join(cameraDirectory, day);
}

/** The path of a minute's mp4, preview or thumbnail. */
export function minutePath(
  cameraDirectory: string,
  camera: string,
  minute: Minute,
  kind: Exclude<FootageKind, "chunk">,
): string {
  return join(dayFolder(cameraDirectory, dayOf(minute)), `${camera}.${minute}.${EXTENSIONS[kind]}`);
}

/** The path of a chunk; part 1 carries no number in its name. */
export function chunkPath(cameraDirectory: string, camera: string, minute: Minute, part: number): string {
  const number = part === 1 ? "" : `.${part}`;
  return join(dayFolder(cameraDirectory, dayOf(minute)), `${camera}.${minute}${number}.chunk`);
}

/** The sprite sheet of a camera's hour, `YYYYMMDD.HH`, as this version of Hindsight draws it. */
export function spriteSheetPath(storageRoot: string, camera: string, hour: string): string {
  return join(spriteSheetFolder(storageRoot, hour), `${camera}.${hour}.v${SPRITE_LAYOUT}.jpg`);
}

/** The folder of the sprite sheets of a day: `{storage root}/.sprites/YYYYMMDD`. */
export function spriteSheetFolder(storageRoot: string, hour: string): string {
  return join(storageRoot, SPRITES_FOLDER, dayOf(hour));
}

/**
 * The camera and hour of a sprite sheet, whichever version of Hindsight drew it; undefined when the name is not that of
 * a sheet.
 */
export function parseSpriteSheetName(fileName: string): { camera: string; hour: string } | undefined {
  const [, camera, hour] = SPRITE_SHEET_PATTERN.exec(fileName) ?? [];
  return camera === undefined || hour === undefined ? undefined : { camera, hour };
}

/** The mark beside a minute's files that keeps the reaper away from them, whatever its content. */
export function keepPath(cameraDirectory: string, camera: string, minute: Minute): string {
  return join(dayFolder(cameraDirectory, dayOf(minute)), `${camera}.${minute}.keep`);
}

/** The lock for writing a minute's files, see shared/conversion/minute-lock.ts. */
export function minuteLockPath(cameraDirectory: string, camera: string, minute: Minute): string {
  const lockName = `${camera}.${minute}.${EXTENSIONS.mp4}.lock`;
  return join(dayFolder(cameraDirectory, dayOf(minute)), temporaryName(lockName, "000000000000"));
}

/** The folder for chunks of a camera that could not be converted. */
export function quarantineFolder(cameraDirectory: string): string {
  return join(cameraDirectory, QUARANTINE_FOLDER);
}

/** Parses a file name in a day folder; undefined when it is none of ours. */
export function parseFootageName(fileName: string): FootageName | undefined {
  const match = NAME_PATTERN.exec(fileName);
  if (match === null) return undefined;
  const [, camera, minute, plain, picture, part] = match;
  if (camera === undefined || minute === undefined || minuteStartUs(minute) === undefined) return undefined;
  if (part !== undefined) {
    return part === "1" ? undefined : { camera, minute, kind: "chunk", part: Number(part) };
  }
  return { camera, minute, kind: (plain ?? picture) as FootageKind, part: 1 };
}

/** The name of the temporary file that is later renamed to `finalName`; `random` is 12 hex digits. */
export function temporaryName(finalName: string, random: string): string {
  return `.${finalName}.${random}.tmp`;
}

/** The final name that a temporary file was meant for, or undefined when the name is not a temporary one. */
export function parseTemporaryName(fileName: string): string | undefined {
  return TEMPORARY_PATTERN.exec(fileName)?.[1];
}

/** Whether a folder name in a camera directory is that of a day. */
export function isDayFolder(name: string): boolean {
  return isDay(name);
}
