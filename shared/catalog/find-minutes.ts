import { dayOf, type Minute, minuteAt } from "../time/minute.ts";
import type { Catalog } from "./catalog.ts";
import { type DayIndex, Has } from "./day-index.ts";

/** The part of the catalog that is needed to find a camera's minutes. */
export type FootageDays = Pick<Catalog, "daysWithFootage" | "day">;

/** A part of a camera's footage. */
export interface FootageRange {
  camera: string;
  /** Selects minutes by their names, both ends inclusive; without it, only capture times decide. */
  names?: { from: Minute; to: Minute };
  /** The first picture is the one shown at this time; µs since the Unix epoch. */
  startUs: number;
  /** The last picture begins before this time, µs since the Unix epoch; infinite: up to the newest footage. */
  endUs: number;
}

/** What a directory holds of a minute. */
export interface MinutePlace {
  directory: string;
  minute: Minute;
  hasMp4: boolean;
  /** Parts of the minute that are still chunks, ascending. */
  parts: readonly number[];
}

/** The minutes that may hold something of a range. */
export interface FoundMinutes {
  /** Ascending; places with the same name (a camera that changed its directory) are grouped. */
  minutes: MinutePlace[][];
  /** Nothing was recorded under a later name, so footage that is still to come may belong to the range. */
  reachesNewest: boolean;
}

const FOOTAGE = Has.mp4 | Has.chunk;

/**
 * Finds the minutes of a range: by name, those between both names; by time, those whose names overlap it, and in each
 * directory the one before, because a file holds pictures up to the next keyframe after its minute. Throws the errors
 * of readdir(3).
 */
export async function findMinutes(catalog: FootageDays, range: FootageRange): Promise<FoundMinutes> {
  const { camera, names, startUs, endUs } = range;
  const from = names?.from ?? minuteAt(startUs);
  const to = names?.to ?? minuteAt(endUs - 1);
  const days = await catalog.daysWithFootage(camera);
  const found: MinutePlace[] = [];
  for (const day of days) {
    if (day < dayOf(from) || day > dayOf(to)) continue;
    for (const index of await catalog.day(camera, day)) {
      for (const place of placesIn(index)) if (place.minute >= from && place.minute <= to) found.push(place);
    }
  }
  if (names === undefined) found.push(...(await placesBefore(catalog, camera, days, from)));
  return { minutes: byMinute(found), reachesNewest: !(await isFollowed(catalog, camera, days, to)) };
}

/**
 * The last minute before `from` in each directory: on the day of `from`, otherwise on the last day with footage before
 * it.
 */
async function placesBefore(
  catalog: FootageDays,
  camera: string,
  days: string[],
  from: Minute,
): Promise<MinutePlace[]> {
  for (const day of [dayOf(from), days.findLast((other) => other < dayOf(from))]) {
    if (day === undefined) continue;
    const places = (await catalog.day(camera, day)).flatMap((index) => {
      const last = Array.from(placesIn(index)).findLast(({ minute }) => minute < from);
      return last === undefined ? [] : [last];
    });
    if (places.length > 0) return places;
  }
  return [];
}

async function isFollowed(catalog: FootageDays, camera: string, days: string[], to: Minute): Promise<boolean> {
  const newest = days.at(-1);
  if (newest === undefined || newest !== dayOf(to)) return newest !== undefined && newest > dayOf(to);
  const indexes = await catalog.day(camera, newest);
  return indexes.some((index) => Array.from(index.minutes(FOOTAGE)).some(({ minute }) => minute > to));
}

function* placesIn(index: DayIndex): Generator<MinutePlace> {
  for (const { index: place, minute, has } of index.minutes(FOOTAGE)) {
    yield {
      directory: index.directory,
      minute,
      hasMp4: (has & Has.mp4) !== 0,
      parts: index.chunkParts(place),
    };
  }
}

function byMinute(places: MinutePlace[]): MinutePlace[][] {
  const groups = new Map<Minute, MinutePlace[]>();
  for (const place of places) groups.set(place.minute, [...(groups.get(place.minute) ?? []), place]);
  return [...groups.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group);
}
