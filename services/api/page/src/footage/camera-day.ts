import type { ListedMinute, MinuteState } from "../client/types.ts";
import { MINUTE_MS, MINUTES_A_DAY, minuteStartMs, UTC_DAY_MS } from "../time/minute.ts";

const STATES: readonly (MinuteState | undefined)[] = [undefined, "ready", "waiting", "recording", "quarantined"];
const STATE_BITS = 7;
const THUMBNAIL_BIT = 8;

/**
 * What a camera has on one UTC day, in a compact form: months of several cameras fit into memory and are searched
 * quickly.
 */
export class CameraDay {
  /** The number of the UTC day, counted from 1970-01-01. */
  readonly day: number;
  readonly #flags = new Uint8Array(MINUTES_A_DAY);
  readonly #bytes = new Float64Array(MINUTES_A_DAY);

  constructor(day: number, minutes: Iterable<ListedMinute> = []) {
    this.day = day;
    for (const minute of minutes) this.set(minute);
  }

  /**
   * Adds a minute. A minute that is ready takes precedence over other entries of the same name; its copies are ignored.
   */
  set(minute: Omit<ListedMinute, "start" | "hasPreview">): void {
    const startMs = minuteStartMs(minute.name);
    if (startMs === undefined) return;
    const index = (startMs - this.day * UTC_DAY_MS) / MINUTE_MS;
    if (index < 0 || index >= MINUTES_A_DAY) return;
    if (this.state(index) === "ready" && (minute.state !== "ready" || minute.copy !== undefined)) return;
    this.#flags[index] = STATES.indexOf(minute.state) | (minute.hasThumbnail ? THUMBNAIL_BIT : 0);
    if (minute.sizeBytes !== undefined) this.#bytes[index] = minute.sizeBytes;
  }

  /** The state of a minute by its index in the day, 0 to 1439. */
  state(index: number): MinuteState | undefined {
    return STATES[(this.#flags[index] ?? 0) & STATE_BITS];
  }

  hasThumbnail(index: number): boolean {
    return ((this.#flags[index] ?? 0) & THUMBNAIL_BIT) !== 0;
  }

  /** The size of the minute's file; 0 when it is not known. */
  sizeBytes(index: number): number {
    return this.#bytes[index] ?? 0;
  }

  /** The index of the first ready minute at or after `index`, or -1. */
  nextReady(index: number): number {
    for (let place = Math.max(0, index); place < MINUTES_A_DAY; place++)
      if (this.state(place) === "ready") return place;
    return -1;
  }

  /** The index of the last ready minute at or before `index`, or -1. */
  previousReady(index: number): number {
    for (let place = Math.min(MINUTES_A_DAY - 1, index); place >= 0; place--) {
      if (this.state(place) === "ready") return place;
    }
    return -1;
  }
}
