import { HOUR_MS, MINUTE_MS } from "../time/minute.ts";
import { Changing } from "../ui/store.ts";
import type { Picture } from "./picture.ts";

/** The layout of an hour's pictures on its sheet: docs/api.md. */
const COLUMNS = 10;
const ROWS = 6;
/** The cells are stored smaller than received (256 × 144), so that a sheet takes 5 MB. */
const CELL = { width: 192, height: 108 } as const;
const MAX_KEPT = 40;
const AT_ONCE = 3;
const RETRY_AFTER_MS = 30_000;

/** An hour of a camera; `hour` counts from 1970-01-01T00:00Z. */
interface HourOf {
  camera: string;
  hour: number;
}

/** The sheets with a whole hour's pictures, fetched in advance: one answer in place of sixty. */
export class Sheets extends Changing {
  /** The most recently used last. */
  readonly #kept = new Map<string, ImageBitmap>();
  readonly #failedAt = new Map<string, number>();
  /** Those being loaded; a sheet that changes meanwhile is removed from here. */
  readonly #loading = new Map<string, object>();
  #wanted: HourOf[] = [];

  /** The picture of a minute, if its hour's sheet is loaded; the caller knows whether the minute has one. */
  get(camera: string, minuteMs: number): Picture | undefined {
    const key = keyOf({ camera, hour: hourOf(minuteMs) });
    const sheet = this.#kept.get(key);
    if (sheet === undefined) return undefined;
    const minute = Math.floor((minuteMs % HOUR_MS) / MINUTE_MS);
    const [column, row] = [minute % COLUMNS, Math.floor(minute / COLUMNS)];
    return { source: sheet, x: column * CELL.width, y: row * CELL.height, ...CELL };
  }

  /**
   * Whether a minute's picture is best fetched with its hour: when that hour is over and its sheet has not failed to
   * load.
   */
  serves(camera: string, minuteMs: number, nowMs: number): boolean {
    const hour = hourOf(minuteMs);
    return (hour + 1) * HOUR_MS <= nowMs && !this.#hasFailed(keyOf({ camera, hour }));
  }

  /** Fetches the hours of these minutes, in this order, in place of those requested before. */
  want(minutes: readonly { camera: string; minuteMs: number }[]): void {
    const hours = new Map<string, HourOf>();
    for (const { camera, minuteMs } of minutes) {
      const hour = { camera, hour: hourOf(minuteMs) };
      hours.set(keyOf(hour), hour);
      if (hours.size === MAX_KEPT) break;
    }
    this.#wanted = [];
    for (const [key, hour] of hours) {
      const sheet = this.#kept.get(key);
      if (sheet === undefined) this.#wanted.push(hour);
      else {
        this.#kept.delete(key);
        this.#kept.set(key, sheet);
      }
    }
    this.#pump();
  }

  /** Removes the sheet of a minute's hour, because it has changed. */
  forget(camera: string, minuteMs: number): void {
    const key = keyOf({ camera, hour: hourOf(minuteMs) });
    this.#kept.get(key)?.close();
    this.#kept.delete(key);
    this.#loading.delete(key);
    this.#failedAt.delete(key);
  }

  #hasFailed(key: string): boolean {
    const failedAt = this.#failedAt.get(key);
    return failedAt !== undefined && Date.now() - failedAt < RETRY_AFTER_MS;
  }

  #pump(): void {
    while (this.#loading.size < AT_ONCE) {
      const next = this.#wanted.shift();
      if (next === undefined) return;
      const key = keyOf(next);
      if (!this.#loading.has(key) && !this.#kept.has(key) && !this.#hasFailed(key)) void this.#load(key, next);
    }
  }

  async #load(key: string, hour: HourOf): Promise<void> {
    const loading = {};
    this.#loading.set(key, loading);
    try {
      const response = await fetch(sheetUrl(hour), { priority: "low" });
      if (!response.ok) throw new Error(`${response.status}`);
      const size = { resizeWidth: CELL.width * COLUMNS, resizeHeight: CELL.height * ROWS };
      const sheet = await createImageBitmap(await response.blob(), size);
      if (this.#loading.get(key) === loading) {
        this.#kept.set(key, sheet);
        this.#dropOldest();
      }
    } catch {
      this.#failedAt.set(key, Date.now()); // the minutes' own pictures are used instead
    }
    if (this.#loading.get(key) === loading) this.#loading.delete(key);
    this.changed();
    this.#pump();
  }

  #dropOldest(): void {
    for (const [key, sheet] of this.#kept) {
      if (this.#kept.size <= MAX_KEPT) return;
      sheet.close();
      this.#kept.delete(key);
    }
  }
}

function hourOf(minuteMs: number): number {
  return Math.floor(minuteMs / HOUR_MS);
}

function keyOf({ camera, hour }: HourOf): string {
  return `${camera} ${hour}`;
}

function sheetUrl({ camera, hour }: HourOf): string {
  const [day, hours] = new Date(hour * HOUR_MS).toISOString().replaceAll("-", "").split("T") as [string, string];
  return `/api/1/camera/${camera}.sprites.${day}.${hours.slice(0, 2)}.jpg`;
}
