import { thumbnailUrl } from "../client/client.ts";
import { MINUTE_MS } from "../time/minute.ts";
import { Changing } from "../ui/store.ts";

/** A minute of a camera. */
export interface MinuteOf {
  camera: string;
  /** The start of the minute, ms since the Unix epoch. */
  minuteMs: number;
}

/** Six connections to a host: one is the events', two are the video's. Of the rest, the pointer may have all. */
const MOST_URGENT = 3;
const MOST_BACKGROUND = 2;
/** Around 10 kB each as they came; browsers throw away decoded pictures by themselves. */
const MOST_KEPT = 6000;
const RETRY_AFTER_MS = 10_000;

/** The pictures of minutes: fetched for the pointer first, and in advance when there is nothing urgent. */
export class Thumbnails extends Changing {
  /** By camera and number of the minute; the oldest use first, for throwing away. */
  readonly #kept = new Map<string, Map<number, HTMLImageElement>>();
  #order: MinuteOf[] = [];
  readonly #failedAt = new Map<string, number>();
  readonly #loading = new Set<string>();
  #urgent: MinuteOf[] = [];
  /** All that was wanted last: whoever wanted them is told when one comes. */
  #wanted = new Set<string>();
  #background: MinuteOf[] = [];
  #count = 0;

  /** The picture of a minute, if it is there already. */
  get({ camera, minuteMs }: MinuteOf): HTMLImageElement | undefined {
    return this.#kept.get(camera)?.get(minuteMs / MINUTE_MS);
  }

  /** The picture nearest to a minute that is there already, at most `reach` minutes away. */
  nearest({ camera, minuteMs }: MinuteOf, reach: number): { image: HTMLImageElement; minuteMs: number } | undefined {
    const kept = this.#kept.get(camera);
    if (kept === undefined) return undefined;
    const middle = minuteMs / MINUTE_MS;
    for (let distance = 0; distance <= reach; distance++) {
      for (const minute of [middle - distance, middle + distance]) {
        const image = kept.get(minute);
        if (image !== undefined) return { image, minuteMs: minute * MINUTE_MS };
      }
    }
    return undefined;
  }

  /** Wants these now, the first most; what was wanted before and has not begun is forgotten. */
  want(minutes: readonly MinuteOf[]): void {
    this.#wanted = new Set(minutes.map(keyOf));
    this.#urgent = minutes.filter((minute) => this.#isMissing(minute));
    this.#pump();
  }

  /** Wants these when there is time, in this order, in place of those wanted before. */
  prefetch(minutes: readonly MinuteOf[]): void {
    // Fewer than are kept, or fetching the last ones would throw away the first.
    const affordable = minutes.slice(0, MOST_KEPT / 2);
    this.#background = affordable.filter((minute) => this.#isMissing(minute)).reverse();
    this.#pump();
  }

  /** Forgets the picture of a minute, which a late part has changed. */
  forget({ camera, minuteMs }: MinuteOf): void {
    if (this.#kept.get(camera)?.delete(minuteMs / MINUTE_MS)) this.#count--;
    this.#failedAt.delete(keyOf({ camera, minuteMs }));
  }

  #isMissing(minute: MinuteOf): boolean {
    const key = keyOf(minute);
    if (this.get(minute) !== undefined || this.#loading.has(key)) return false;
    const failedAt = this.#failedAt.get(key);
    return failedAt === undefined || Date.now() - failedAt > RETRY_AFTER_MS;
  }

  #pump(): void {
    while (this.#loading.size < MOST_URGENT) {
      const next = this.#urgent.shift();
      if (next === undefined) break;
      if (this.#isMissing(next)) this.#load(next, "urgent");
    }
    while (this.#urgent.length === 0 && this.#loading.size < MOST_BACKGROUND) {
      const next = this.#background.pop();
      if (next === undefined) break;
      if (this.#isMissing(next)) this.#load(next, "background");
    }
  }

  #load(minute: MinuteOf, priority: "urgent" | "background"): void {
    const key = keyOf(minute);
    this.#loading.add(key);
    const image = new Image();
    image.fetchPriority = priority === "urgent" ? "high" : "low";
    const done = (loaded: boolean) => {
      this.#loading.delete(key);
      if (loaded) this.#keep(minute, image);
      else this.#failedAt.set(key, Date.now());
      if (this.#wanted.has(key)) this.changed();
      this.#pump();
    };
    image.addEventListener("load", () => done(true));
    image.addEventListener("error", () => done(false));
    image.src = thumbnailUrl(minute.camera, minute.minuteMs);
  }

  #keep(minute: MinuteOf, image: HTMLImageElement): void {
    let kept = this.#kept.get(minute.camera);
    if (kept === undefined) {
      kept = new Map();
      this.#kept.set(minute.camera, kept);
    }
    kept.set(minute.minuteMs / MINUTE_MS, image);
    this.#order.push(minute);
    if (++this.#count <= MOST_KEPT) return;
    for (const oldest of this.#order.splice(0, MOST_KEPT / 10)) this.forget(oldest);
  }
}

function keyOf({ camera, minuteMs }: MinuteOf): string {
  return `${camera} ${minuteMs}`;
}
