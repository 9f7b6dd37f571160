import { createHash } from "node:crypto";
import type { BigIntStats } from "node:fs";
import type { Catalog } from "../../../shared/catalog/catalog.ts";
import { type DayIndex, Has, minuteOf } from "../../../shared/catalog/day-index.ts";
import type { StoreFiles } from "../../../shared/disk/store-files.ts";
import { minutePath, SPRITE_LAYOUT } from "../../../shared/store/names.ts";
import { dayOf } from "../../../shared/time/minute.ts";
import type { CameraHour } from "./sheet-name.ts";

export const CELLS = 60;

/** The thumbnails of a camera's hour. */
export interface HourCells {
  /** For each minute of the hour the path of its thumbnail, or undefined. */
  paths: readonly (string | undefined)[];
  /** 24 hex digits that depend on the thumbnails and on the layout of the sheet. */
  key: string;
  /** When the newest thumbnail was made, ms since the Unix epoch. */
  newestMs: number;
  /** The hour is over and none of its minutes waits for its conversion. */
  isComplete: boolean;
}

/** A thumbnail and its state when it was read. */
interface Thumbnail {
  path: string;
  identity: string;
  modifiedMs: number;
}

type Hour = readonly (Thumbnail | undefined)[];

/** Finds the thumbnails of hours. While a day folder does not change, its thumbnails are not looked at again. */
export class HourCellFinder {
  readonly #files: StoreFiles;
  readonly #catalog: Catalog;
  readonly #known = new WeakMap<DayIndex, Map<number, Promise<Hour>>>();

  constructor(files: StoreFiles, catalog: Catalog) {
    this.#files = files;
    this.#catalog = catalog;
  }

  /**
   * The hour as it is now; undefined when it has no thumbnail. If several directories have a minute's thumbnail, the
   * one in the configured directory is used. Throws the errors of readdir(3) and stat(2).
   */
  async find({ camera, hour }: CameraHour, nowMs: number): Promise<HourCells | undefined> {
    const indexes = await this.#catalog.day(camera, dayOf(hour));
    const first = Number(hour.slice(9)) * CELLS;
    const places = await Promise.all(indexes.map((index) => this.#hour(index, first)));
    const cells = Array.from({ length: CELLS }, (_, i) => places.find((place) => place[i] !== undefined)?.[i]);
    if (cells.every((cell) => cell === undefined)) return undefined;
    const waits = indexes.some((index) => cells.some((_, i) => (index.has(first + i) & Has.chunk) !== 0));
    return {
      paths: cells.map((cell) => cell?.path),
      key: keyOf(cells),
      newestMs: Math.max(...cells.map((cell) => cell?.modifiedMs ?? 0)),
      isComplete: !waits && nowMs >= hourEndMs(hour),
    };
  }

  #hour(index: DayIndex, first: number): Promise<Hour> {
    const hours = this.#known.get(index) ?? new Map<number, Promise<Hour>>();
    this.#known.set(index, hours);
    const known = hours.get(first) ?? readHour(this.#files, index, first);
    hours.set(first, known);
    known.catch(() => hours.delete(first));
    return known;
  }
}

function readHour(files: StoreFiles, index: DayIndex, first: number): Promise<Hour> {
  return Promise.all(
    Array.from({ length: CELLS }, async (_, i) => {
      if ((index.has(first + i) & Has.thumbnail) === 0) return undefined;
      return await lookAt(
        files,
        minutePath(index.directory, index.camera, minuteOf(index.day, first + i), "thumbnail"),
      );
    }),
  );
}

async function lookAt(files: StoreFiles, path: string): Promise<Thumbnail | undefined> {
  let stats: BigIntStats;
  try {
    stats = await files.lstat(path, { bigint: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  if (!stats.isFile()) return undefined;
  const identity = `${stats.dev}:${stats.ino}:${stats.size}:${stats.mtimeNs}`;
  return { path, identity, modifiedMs: Number(stats.mtimeNs / 1_000_000n) };
}

function keyOf(cells: Hour): string {
  const text = [SPRITE_LAYOUT, ...cells.map((cell) => cell?.identity ?? "")].join("\n");
  return createHash("sha256").update(text).digest("hex").slice(0, 24);
}

function hourEndMs(hour: string): number {
  const [year, month, day] = [hour.slice(0, 4), hour.slice(4, 6), hour.slice(6, 8)].map(Number);
  return Date.UTC(year as number, (month as number) - 1, day, Number(hour.slice(9)) + 1);
}
