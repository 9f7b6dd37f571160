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

/** Of six connections to a host, the events use one and the video two. The pointer may use all the others. */
const MAX_URGENT = 3;
const MAX_BACKGROUND = 2;
/** About 10 kB each, compressed; browsers discard decoded pictures by themselves. */
const MAX_KEPT = 6000;
const RETRY_AFTER_MS = 10_000;

/**
 * The pictures of minutes. Those for the pointer are fetched first, one by one; when nothing is urgent, others are
 * fetched in advance: by the hour, or one by one in the current hour.
 */
export class Thumbnails extends Changing {
  readonly #sheets = new Sheets();
  readonly #hasThumbnail: (camera: string, minuteMs: number) => boolean | undefined;
  /** By camera and number of the minute. */
  readonly #kept = new Map<string, Map<number, HTMLImageElement>>();
  /** The kept ones in the order in which they were loaded, so that the oldest can be removed. */
  #order: MinuteOf[] = [];
  readonly #failedAt = new Map<string, number>();
  /** Those being loaded; a picture that changes meanwhile is removed from here. */
  readonly #loading = new Map<string, HTMLImageElement>();
  #urgent: MinuteOf[] = [];
  /** Everything in the last request: listeners are notified when one of them arrives. */
  #wanted = new Set<string>();
  #background: MinuteOf[] = [];
  #count = 0;

  /** @param hasThumbnail whether a minute has a picture at all; undefined while that is not known */
  constructor(hasThumbnail: (camera: string, minuteMs: number) => boolean | undefined) {
    super();
    this.#hasThumbnail = hasThumbnail;
    this.#sheets.subscribe(() => this.changed());
  }

  /** The picture of a minute that has one, if it is loaded. */
  get({ camera, minuteMs }: MinuteOf): Picture | undefined {
    const image = this.#kept.get(camera)?.get(minuteMs / MINUTE_MS);
    if (image === undefined) return this.#sheets.get(camera, minuteMs);
    return { source: image, x: 0, y: 0, width: image.naturalWidth, height: image.naturalHeight };
  }

  /** The nearest loaded picture to a minute, at most `reach` minutes away. */
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

  /** Requests these at once, the most important first; earlier requests that have not started are dropped. */
  want(minutes: readonly MinuteOf[]): void {
    this.#wanted = new Set(minutes.map(keyOf));
    this.#urgent = minutes.filter((minute) => this.#isMissing(minute));
    this.#pump();
  }

  /** Requests these for when nothing is urgent, in this order, in place of those requested before. */
  prefetch(minutes: readonly MinuteOf[]): void {
    // Fewer than are kept, or fetching the last ones would discard the first.
    const affordable = minutes.slice(0, MAX_KEPT / 2);
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

  /** Removes what is kept of a minute that has changed, including the sheet of its hour. */
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
    while (this.#loading.size < MAX_URGENT) {
      const next = this.#urgent.shift();
      if (next === undefined) break;
      if (this.#isMissing(next)) this.#load(next, "urgent");
    }
    while (this.#urgent.length === 0 && this.#loading.size < MAX_BACKGROUND) {
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
    if (++this.#count <= MAX_KEPT) return;
    for (const oldest of this.#order.splice(0, MAX_KEPT / 10)) this.#forget(oldest);
  }
}

function keyOf({ camera, minuteMs }: MinuteOf): string {
  return `${camera} ${minuteMs}`;
}
