import { basename } from "node:path";
import type { StoreFiles } from "../disk/store-files.ts";
import { minutePath, parseFootageName } from "../store/names.ts";
import { isOwnFolder } from "../store/own-folder.ts";
import { dayOf, type Minute } from "../time/minute.ts";

export const MINUTES_A_DAY = 1440;

/** Bits for what a day folder holds of a minute. */
export const Has = { mp4: 1, preview: 2, thumbnail: 4, chunk: 8 } as const;

/**
 * What one day folder holds of one camera. Compact (a byte for each minute of the day), so that months of many cameras
 * fit into memory.
 */
export class DayIndex {
  readonly day: string;
  /** The directory of the camera that the day folder lies in. */
  readonly directory: string;
  readonly camera: string;
  readonly #has = new Uint8Array(MINUTES_A_DAY);
  /** The parts of the minutes that have chunks, ascending. */
  readonly #parts = new Map<number, number[]>();
  #sizes: Promise<Float64Array> | undefined;

  constructor(camera: string, directory: string, day: string) {
    this.camera = camera;
    this.directory = directory;
    this.day = day;
  }

  /** Adds a file name; names of other cameras or days, and those that are not footage, are ignored. */
  add(fileName: string): void {
    const name = parseFootageName(fileName);
    if (name === undefined || name.camera !== this.camera || dayOf(name.minute) !== this.day) return;
    const index = indexOf(name.minute);
    this.#has[index] = (this.#has[index] ?? 0) | Has[name.kind];
    if (name.kind !== "chunk") return;
    const parts = this.#parts.get(index) ?? [];
    parts.push(name.part);
    parts.sort((a, b) => a - b);
    this.#parts.set(index, parts);
  }

  /** The bits of `Has` for a minute of the day (0 to 1439). */
  has(index: number): number {
    return this.#has[index] ?? 0;
  }

  /** The parts of a minute's chunks, ascending; empty when it has none. */
  chunkParts(index: number): readonly number[] {
    return this.#parts.get(index) ?? [];
  }

  /** The minutes of the day that have any of the wanted files, ascending. */
  *minutes(wanted: number): Generator<{ index: number; minute: Minute; has: number }> {
    for (let index = 0; index < MINUTES_A_DAY; index++) {
      const has = this.has(index);
      if ((has & wanted) !== 0) yield { index, minute: minuteOf(this.day, index), has };
    }
  }

  /** Size in bytes of each minute's mp4 (NaN: none, or reaped meanwhile), read at the first call and then cached. */
  sizes(files: StoreFiles): Promise<Float64Array> {
    this.#sizes ??= this.#readSizes(files);
    return this.#sizes;
  }

  async #readSizes(files: StoreFiles): Promise<Float64Array> {
    const sizes = new Float64Array(MINUTES_A_DAY).fill(Number.NaN);
    await Promise.all(
      Array.from(this.minutes(Has.mp4), async ({ index, minute }) => {
        const stats = await files.stat(minutePath(this.directory, this.camera, minute, "mp4")).catch(() => undefined);
        if (stats !== undefined) sizes[index] = stats.size;
      }),
    );
    return sizes;
  }
}

/** Reads a day folder. Throws the errors of readdir(3); a folder that was removed meanwhile reads as empty. */
export async function readDay(files: StoreFiles, camera: string, directory: string, folder: string): Promise<DayIndex> {
  const index = new DayIndex(camera, directory, basename(folder));
  if (!(await isOwnFolder(files, directory, folder))) return index;
  for (const name of await readdirIfThere(files, folder)) index.add(name);
  return index;
}

/** The names in a folder; empty when there is no such folder. */
export async function readdirIfThere(files: StoreFiles, folder: string): Promise<string[]> {
  try {
    return await files.readdir(folder);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ENOTDIR") return [];
    throw error;
  }
}

/** The index of a minute in its day, 0 to 1439. */
export function indexOf(minute: Minute): number {
  return Number(minute.slice(9, 11)) * 60 + Number(minute.slice(11, 13));
}

/** The minute at an index in a day, 0 to 1439. */
export function minuteOf(day: string, index: number): Minute {
  const hour = String(Math.floor(index / 60)).padStart(2, "0");
  return `${day}.${hour}${String(index % 60).padStart(2, "0")}`;
}
