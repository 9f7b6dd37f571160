import type { Catalog } from "../../../shared/catalog/catalog.ts";
import { type DayIndex, Has } from "../../../shared/catalog/day-index.ts";
import { DAY_MS, dayAtMs, type Minute, minuteStartUs } from "../../../shared/time/minute.ts";

/** A minute that has become available, whose pictures have become available, or into which a late part was merged. */
export interface MinuteEvent {
  camera: string;
  name: Minute;
  /** ISO 8601 UTC. */
  start: string;
  hasPreview: boolean;
  hasThumbnail: boolean;
}

/** Finds what changed in the day folders of today and yesterday since the last call. */
export class MinuteWatch {
  readonly #catalog: Catalog;
  /** The last index seen, by camera, directory and day. */
  #seen = new Map<string, DayIndex>();
  #first = true;
  /** Number of calls of `reset`. */
  #resets = 0;
  /** Settles with the last look. One look at a time: of two at once, each would hide its changes from the other. */
  #lastLook: Promise<unknown> = Promise.resolve();

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
  }

  /** Makes all that comes from now on count as a change; does nothing when that has begun already. */
  async begin(nowMs: number): Promise<void> {
    await this.#inTurn(() => (this.#first ? this.#look(nowMs) : Promise.resolve([])));
  }

  /** The minutes that are new or have changed since the last call or `begin`; none on the very first call. */
  changes(nowMs: number): Promise<MinuteEvent[]> {
    return this.#inTurn(() => this.#look(nowMs));
  }

  #inTurn(look: () => Promise<MinuteEvent[]>): Promise<MinuteEvent[]> {
    const found = this.#lastLook.then(look);
    this.#lastLook = found.catch(() => {});
    return found;
  }

  async #look(nowMs: number): Promise<MinuteEvent[]> {
    const days = [nowMs - DAY_MS, nowMs].map(dayAtMs);
    const next = new Map<string, DayIndex>();
    const events: MinuteEvent[] = [];
    const first = this.#first;
    const resets = this.#resets;
    const look = async (camera: string, day: string) => {
      for (const index of await this.#catalog.day(camera, day)) {
        const key = `${camera}\n${index.directory}\n${day}`;
        next.set(key, index);
        const before = this.#seen.get(key);
        if (before !== index && !first) events.push(...compare(before, index));
      }
    };
    for (const camera of (await this.#catalog.cameras()).keys()) {
      for (const day of days) await look(camera, day).catch(() => {}); // an unreadable disk is a health event
    }
    if (resets === this.#resets) {
      this.#seen = next;
      this.#first = false;
    }
    return events;
  }

  /** Forgets what was seen; the next call then counts as the first. */
  reset(): void {
    this.#resets++;
    this.#first = true;
    this.#seen = new Map();
  }
}

function compare(before: DayIndex | undefined, after: DayIndex): MinuteEvent[] {
  const events: MinuteEvent[] = [];
  for (const { index, minute, has } of after.minutes(Has.mp4)) {
    if (before?.has(index) === has) continue;
    events.push({
      camera: after.camera,
      name: minute,
      start: new Date((minuteStartUs(minute) as number) / 1000).toISOString(),
      hasPreview: (has & Has.preview) !== 0,
      hasThumbnail: (has & Has.thumbnail) !== 0,
    });
  }
  return events;
}
