import { stat } from "node:fs/promises";
import { chunkPath } from "../../../shared/store/names.ts";
import { dayOf, type Minute, minuteAt, minuteStartUs } from "../../../shared/time/minute.ts";
import type { Catalog } from "../catalog/catalog.ts";
import { type DayIndex, Has } from "../catalog/day-index.ts";

/**
 * - `ready`: converted, can be played
 * - `recording`: its newest chunk is being written
 * - `waiting`: recorded, and waiting for its conversion
 * - `quarantined`: could not be converted; its chunks are kept in the quarantine folder
 */
export type MinuteState = "ready" | "recording" | "waiting" | "quarantined";

export interface ListedMinute {
  /** `YYYYMMDD.HHMM`, UTC: the name under which its files are asked for. */
  name: Minute;
  /** The start of the minute that it is named for, ISO 8601 UTC. Its first frame comes up to a GOP later. */
  start: string;
  state: MinuteState;
  /** Of the mp4, or of the chunks while there is no mp4; absent when they are in quarantine. */
  sizeBytes?: number;
  hasPreview: boolean;
  hasThumbnail: boolean;
  /** From 2: the camera changed its directory within this minute, and its files are asked for with `?copy=`. */
  copy?: number;
}

const MINUTE_MS = 60_000;
const DAY_MS = 1440 * MINUTE_MS;
/** A recorder writes at least every second; one that writes less is not writing. */
const WRITING_MS = 10_000;

/**
 * The minutes of a camera, by name, that overlap the time from `fromMs` to `toMs` (exclusive; ms since the Unix epoch),
 * ascending. Throws the errors of readdir(3) and stat(2).
 */
export async function listMinutes(
  catalog: Catalog,
  camera: string,
  fromMs: number,
  toMs: number,
  nowMs: number,
): Promise<ListedMinute[]> {
  const listed: ListedMinute[] = [];
  const first = minuteAt(Math.max(0, fromMs) * 1000);
  const last = minuteAt(Math.max(0, toMs - 1) * 1000);
  const quarantined = new Set(await catalog.quarantined(camera));
  for (let dayMs = startOfDay(Math.max(0, fromMs)); dayMs < toMs; dayMs += DAY_MS) {
    const indexes = await catalog.day(camera, dayOf(minuteAt(dayMs * 1000)));
    for (const index of indexes) listed.push(...(await listDay(index, nowMs)));
  }
  const minutes = listed.filter(({ name }) => name >= first && name <= last);
  const known = new Set(minutes.map(({ name }) => name));
  for (const name of quarantined) {
    if (name >= first && name <= last && !known.has(name)) minutes.push(minuteEntry(name, "quarantined", 0));
  }
  return numberCopies(minutes.sort(byNameReadyFirst));
}

async function listDay(index: DayIndex, nowMs: number): Promise<ListedMinute[]> {
  const sizes = await index.sizes();
  const minutes = Array.from(index.minutes(Has.mp4 | Has.chunk));
  const newestChunk = minutes.findLast(({ has }) => (has & Has.chunk) !== 0)?.index;
  const listed: ListedMinute[] = [];
  for (const { index: place, minute, has } of minutes) {
    if ((has & Has.mp4) !== 0) {
      const sizeBytes = sizes[place] ?? Number.NaN;
      if (!Number.isNaN(sizeBytes)) listed.push({ ...minuteEntry(minute, "ready", has), sizeBytes });
      continue;
    }
    const chunks = await chunkStats(index, place, minute);
    if (chunks === undefined) continue; // converted since the folder was read: the next reading shows it
    const writing = place === newestChunk && nowMs - chunks.modifiedMs < WRITING_MS;
    listed.push({ ...minuteEntry(minute, writing ? "recording" : "waiting", has), sizeBytes: chunks.sizeBytes });
  }
  return listed;
}

async function chunkStats(index: DayIndex, place: number, minute: Minute) {
  const paths = index.chunkParts(place).map((part) => chunkPath(index.directory, index.camera, minute, part));
  const stats = await Promise.all(paths.map((path) => stat(path).catch(() => undefined)));
  const there = stats.filter((each) => each !== undefined);
  if (there.length === 0) return undefined;
  return {
    sizeBytes: there.reduce((sum, each) => sum + each.size, 0),
    modifiedMs: Math.max(...there.map((each) => each.mtimeMs)),
  };
}

function minuteEntry(name: Minute, state: MinuteState, has: number): ListedMinute {
  return {
    name,
    start: new Date((minuteStartUs(name) as number) / 1000).toISOString(),
    state,
    hasPreview: (has & Has.preview) !== 0,
    hasThumbnail: (has & Has.thumbnail) !== 0,
  };
}

function byNameReadyFirst(a: ListedMinute, b: ListedMinute): number {
  if (a.name !== b.name) return a.name < b.name ? -1 : 1;
  return Number(b.state === "ready") - Number(a.state === "ready");
}

/** Counts the ready entries of one name as the file endpoints do. */
function numberCopies(minutes: ListedMinute[]): ListedMinute[] {
  let copy = 1;
  return minutes.map((entry, i) => {
    copy = minutes[i - 1]?.name === entry.name ? copy + 1 : 1;
    return copy === 1 || entry.state !== "ready" ? entry : { ...entry, copy };
  });
}

function startOfDay(timeMs: number): number {
  return Math.floor(timeMs / DAY_MS) * DAY_MS;
}
