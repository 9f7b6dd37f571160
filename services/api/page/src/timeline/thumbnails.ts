import { thumbnailUrl } from "../client/client.ts";
import { MINUTE_MS } from "../time/minute.ts";
import { Changing } from "../ui/store.ts";
import type { Picture } from "./picture.ts";
import { Sheets } from "./sheets.ts";

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

/**
 * The pictures of minutes: fetched one by one for the pointer first, and in advance when there is nothing urgent: by the
 * hour, or one by one in the hour under way.
 */
export class Thumbnails extends Changing {
  readonly #sheets = new Sheets();
  readonly #hasThumbnail: (camera: string, minuteMs: number) => boolean | undefined;
  /** By camera and number of the minute; the oldest use first, for throwing away. */
  readonly #kept = new Map<string, Map<number, HTMLImageElement>>();
  #order: MinuteOf[] = [];
  readonly #failedAt = new Map<string, number>();
  /** Those on their way; a picture that has changed meanwhile is not among them any more. */
  readonly #loading = new Map<string, HTMLImageElement>();
  #urgent: MinuteOf[] = [];
  /** All that was wanted last: whoever wanted them is told when one comes. */
  #wanted = new Set<string>();
  #background: MinuteOf[] = [];
  #count = 0;

  /** `hasThumbnail` tells which minutes have a picture at all, as far as it is known. */
  constructor(hasThumbnail: (camera: string, minuteMs: number) => boolean | undefined) {
    super();
    this.#hasThumbnail = hasThumbnail;
    this.#sheets.subscribe(() => this.changed());
  }

  /** The picture of a minute that has one, if it is there already. */
  get({ camera, minuteMs }: MinuteOf): Picture | undefined {
    const image = this.#kept.get(camera)?.get(minuteMs / MINUTE_MS);
    if (image === undefined) return this.#sheets.get(camera, minuteMs);
    return { source: image, x: 0, y: 0, width: image.naturalWidth, height: image.naturalHeight };
  }

  /** The picture nearest to a minute that is there already, at most `reach` minutes away. */
  nearest({ camera, minuteMs }: MinuteOf, reach: number): { picture: Picture; minuteMs: number } | undefined {
    for (let distance = 0; distance <= reach; distance++) {
      for (const otherMs of [minuteMs - distance * MINUTE_MS, minuteMs + distance * MINUTE_MS]) {
        const picture = this.get({ camera, minuteMs: otherMs });
        if (picture !== undefined && this.#hasThumbnail(camera, otherMs) === true)
          return { picture, minuteMs: otherMs };
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
    const nowMs = Date.now();
    const isOnSheet = ({ camera, minuteMs }: MinuteOf) => this.#sheets.serves(camera, minuteMs, nowMs);
    this.#sheets.want(affordable.filter(isOnSheet));
    this.#background = affordable.filter((minute) => !isOnSheet(minute) && this.#isMissing(minute)).reverse();
    this.#pump();
  }

  #forget({ camera, minuteMs }: MinuteOf): void {
    if (this.#kept.get(camera)?.delete(minuteMs / MINUTE_MS)) this.#count--;
    this.#failedAt.delete(keyOf({ camera, minuteMs }));
    this.#loading.delete(keyOf({ camera, minuteMs }));
  }

  /** Forgets what is kept of a minute that has changed, the sheet of its hour included. */
  onMinute(minute: MinuteOf): void {
    this.#forget(minute);
    this.#sheets.forget(minute.camera, minute.minuteMs);
  }

  #isMissing(minute: MinuteOf): boolean {
    const key = keyOf(minute);
    if (this.#kept.get(minute.camera)?.has(minute.minuteMs / MINUTE_MS) === true || this.#loading.has(key))
      return false;
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
    const image = new Image();
    this.#loading.set(key, image);
    image.fetchPriority = priority === "urgent" ? "high" : "low";
    const done = (loaded: boolean) => {
      if (this.#loading.get(key) === image) {
        this.#loading.delete(key);
        if (loaded) this.#keep(minute, image);
        else this.#failedAt.set(key, Date.now());
      }
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
    for (const oldest of this.#order.splice(0, MOST_KEPT / 10)) this.#forget(oldest);
  }
}

function keyOf({ camera, minuteMs }: MinuteOf): string {
  return `${camera} ${minuteMs}`;
}
