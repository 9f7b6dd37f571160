import type { Catalog } from "../../../shared/catalog/catalog.ts";
import { type DayIndex, Has, indexOf } from "../../../shared/catalog/day-index.ts";
import type { StoreFiles } from "../../../shared/disk/store-files.ts";
import { chunkPath } from "../../../shared/store/names.ts";
import { DAY_MS, dayAtMs, dayOf, type Minute, minuteAt, minuteStartUs } from "../../../shared/time/minute.ts";
import type { MinuteFacts } from "./chunk-facts.ts";
import { formatInstant } from "./instant.ts";
import type { MinuteFactsReader } from "./minute-facts.ts";
import type { Picture } from "./picture.ts";
import { gapsBetween, joinSpans, type Span } from "./spans.ts";

/**
 * - `ready`: converted, can be played
 * - `recording`: its newest chunk is being written
 * - `waiting`: recorded, and waiting for its conversion
 * - `quarantined`: could not be converted; its chunks are kept in the quarantine folder
 */
export type MinuteState = "ready" | "recording" | "waiting" | "quarantined";

export interface ListedMinute {
  /** `YYYYMMDD.HHMM`, UTC: the name under which its files are requested. */
  name: Minute;
  /** The start of the minute of the name, ISO 8601 UTC. The first frame comes up to a GOP later. */
  start: string;
  state: MinuteState;
  /** Of the mp4, or of the chunks while there is no mp4; absent when they are in quarantine. */
  sizeBytes?: number;
  hasPreview: boolean;
  hasThumbnail: boolean;
  /** From 2: the camera changed its directory within this minute, and its files are requested with `?copy=`. */
  copy?: number;
  /** Absent unless `MinuteQuery.facts` is given, and when the files are damaged. */
  recorded?: Recorded;
}

/** What a minute contains, by its capture times. Instants are ISO 8601 UTC with six digits of a second. */
export interface Recorded extends Partial<Picture> {
  /** When its first picture was taken. */
  start: string;
  /** When its last picture ends. */
  end: string;
  /** Without the gaps. */
  durationSeconds: number;
  gaps: { start: string; end: string }[];
}

/** Which minutes are to be listed. */
export interface MinuteQuery {
  camera: string;
  /** ms since the Unix epoch, as all times here. */
  fromMs: number;
  /** Excluded. */
  toMs: number;
  nowMs: number;
  /** Maximum number of minutes; slightly more when the last ones share a name, since these stay together. */
  limit?: number;
  /** Reads `recorded` from the files; without it the files are not opened. */
  facts?: MinuteFactsReader;
}

/** Minutes, ascending, and the name of the first one beyond the limit. */
export interface MinuteList {
  minutes: ListedMinute[];
  next?: Minute;
}

interface Entry {
  minute: ListedMinute;
  /** Absent for what is in quarantine. */
  index?: DayIndex;
}

/** A chunk that was not modified for this long is not being written: a recorder writes at least every second. */
const WRITING_MS = 10_000;

/** The minutes of a camera that overlap a time, by name. Throws the errors of readdir(3), stat(2), read(2). */
export async function listMinutes(files: StoreFiles, catalog: Catalog, query: MinuteQuery): Promise<MinuteList> {
  const { camera, fromMs, toMs, nowMs, limit = Number.POSITIVE_INFINITY, facts } = query;
  const first = minuteAt(Math.max(0, fromMs) * 1000);
  const last = minuteAt(Math.max(0, toMs - 1) * 1000);
  const quarantined = new Set(await catalog.quarantined(camera));
  const listed: Entry[] = [];
  const names = new Set<Minute>();
  for (let dayMs = startOfDay(Math.max(0, fromMs)); dayMs < toMs && names.size <= limit; dayMs += DAY_MS) {
    const day = dayAtMs(dayMs);
    const entries: Entry[] = [];
    for (const index of await catalog.day(camera, day)) entries.push(...(await listDay(files, index, nowMs)));
    const known = new Set(entries.map(({ minute }) => minute.name));
    for (const name of quarantined) {
      if (dayOf(name) === day && !known.has(name)) entries.push({ minute: minuteEntry(name, "quarantined", 0) });
    }
    for (const entry of entries) {
      const { name } = entry.minute;
      if (name < first || name > last) continue;
      listed.push(entry);
      names.add(name);
    }
  }
  const entries = numberCopies(listed.sort(byNameReadyFirst));
  const next = entries.slice(limit).find(({ minute }) => minute.name !== entries[limit - 1]?.minute.name);
  const page = next === undefined ? entries : entries.slice(0, entries.indexOf(next));
  const minutes = facts === undefined ? page.map(({ minute }) => minute) : await withRecorded(page, facts);
  return { minutes, ...(next !== undefined && { next: next.minute.name }) };
}

async function withRecorded(entries: readonly Entry[], facts: MinuteFactsReader): Promise<ListedMinute[]> {
  const places = new Map<DayIndex, number[]>();
  for (const { minute, index } of entries) {
    if (index === undefined) continue;
    const wanted = places.get(index) ?? [];
    wanted.push(indexOf(minute.name));
    places.set(index, wanted);
  }
  const found = new Map<DayIndex, Map<number, MinuteFacts>>();
  for (const [index, wanted] of places) found.set(index, await facts.of(index, wanted));
  return entries.map(({ minute, index }) => {
    const inside = index === undefined ? undefined : found.get(index)?.get(indexOf(minute.name));
    return inside === undefined || inside.spans.length === 0 ? minute : { ...minute, recorded: recordedOf(inside) };
  });
}

function recordedOf({ spans, picture }: MinuteFacts): Recorded {
  const joined = joinSpans(spans);
  const durationUs = joined.reduce((sum, { startUs, endUs }) => sum + endUs - startUs, 0);
  return {
    start: formatInstant((joined[0] as Span).startUs),
    end: formatInstant((joined.at(-1) as Span).endUs),
    durationSeconds: durationUs / 1e6,
    gaps: gapsBetween(joined).map(({ startUs, endUs }) => ({
      start: formatInstant(startUs),
      end: formatInstant(endUs),
    })),
    ...picture,
  };
}

async function listDay(files: StoreFiles, index: DayIndex, nowMs: number): Promise<Entry[]> {
  const sizes = await index.sizes(files);
  const minutes = Array.from(index.minutes(Has.mp4 | Has.chunk));
  const newestChunk = minutes.findLast(({ has }) => (has & Has.chunk) !== 0)?.index;
  const listed: Entry[] = [];
  for (const { index: place, minute, has } of minutes) {
    if ((has & Has.mp4) !== 0) {
      const sizeBytes = sizes[place] ?? Number.NaN;
      if (!Number.isNaN(sizeBytes)) listed.push({ minute: { ...minuteEntry(minute, "ready", has), sizeBytes }, index });
      continue;
    }
    const chunks = await chunkStats(files, index, place, minute);
    if (chunks === undefined) continue; // converted since the folder was read: the next reading finds the mp4
    const writing = place === newestChunk && nowMs - chunks.modifiedMs < WRITING_MS;
    const state = writing ? "recording" : "waiting";
    listed.push({ minute: { ...minuteEntry(minute, state, has), sizeBytes: chunks.sizeBytes }, index });
  }
  return listed;
}

async function chunkStats(files: StoreFiles, index: DayIndex, place: number, minute: Minute) {
  const paths = index.chunkParts(place).map((part) => chunkPath(index.directory, index.camera, minute, part));
  const stats = await Promise.all(paths.map((path) => files.stat(path).catch(() => undefined)));
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

function byNameReadyFirst({ minute: a }: Entry, { minute: b }: Entry): number {
  if (a.name !== b.name) return a.name < b.name ? -1 : 1;
  return Number(b.state === "ready") - Number(a.state === "ready");
}

/** Numbers the ready entries of one name in the way the file endpoints do. */
function numberCopies(entries: readonly Entry[]): Entry[] {
  let copy = 1;
  return entries.map((entry, i) => {
    const { minute } = entry;
    copy = entries[i - 1]?.minute.name === minute.name ? copy + 1 : 1;
    return copy === 1 || minute.state !== "ready" ? entry : { ...entry, minute: { ...minute, copy } };
  });
}

function startOfDay(timeMs: number): number {
  return Math.floor(timeMs / DAY_MS) * DAY_MS;
}
