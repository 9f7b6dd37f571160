import { type DayIndex, Has, MINUTES_A_DAY, minuteOf } from "../../../shared/catalog/day-index.ts";

/** The converted minutes of a day, each with the cameras that have it. */
export interface DayOfCameras {
  first: string | undefined;
  last: string | undefined;
  /** JSON: an object of the cameras of each minute, by the minute's name. */
  dates: string;
}

/**
 * What several cameras have of a day. Most minutes have the same cameras as the minute before; these reuse its JSON
 * text, since for 32 cameras the whole is half a megabyte.
 */
export function dayOfCameras(day: string, cameras: ReadonlyMap<string, readonly DayIndex[]>): DayOfCameras {
  const columns = Array.from(cameras, ([camera, indexes]) => ({ camera, indexes, holds: false }));
  const dates: string[] = [];
  let first: string | undefined;
  let last: string | undefined;
  let holders = "[]";
  for (let place = 0; place < MINUTES_A_DAY; place++) {
    let isOther = false;
    for (const column of columns) {
      let holds = false; // counted once even when two directories hold it
      for (const index of column.indexes) holds ||= (index.has(place) & Has.mp4) !== 0;
      isOther ||= holds !== column.holds;
      column.holds = holds;
    }
    if (isOther) holders = JSON.stringify(columns.flatMap(({ camera, holds }) => (holds ? [camera] : [])));
    if (holders === "[]") continue;
    last = minuteOf(day, place);
    first ??= last;
    dates.push(`"${last}":${holders}`);
  }
  return { first, last, dates: `{${dates.join(",")}}` };
}
