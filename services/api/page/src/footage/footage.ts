import { readDays, readMinutes } from "../client/client.ts";
import type { MinuteEvent } from "../client/types.ts";
import { MINUTE_MS, minuteStartMs, UTC_DAY_MS, utcDayNumber, utcDayOfToken, utcDayToken } from "../time/minute.ts";
import { Changing } from "../ui/store.ts";
import { CameraDay } from "./camera-day.ts";
import { listSpans, type Span, type TakeAway, takeAway } from "./spans.ts";

/** A browser opens six connections to a host; the events hold one, and video and pictures need the others. */
const MAX_READINGS = 2;
const RELOAD_DELAY_MS = 400;
const RETRY_MS = 3000;

interface Entry {
  minutes: CameraDay | undefined;
  /** Something has changed since it was last requested. */
  stale: boolean;
  loading: boolean;
}

/** Which footage exists, read by UTC day when needed and kept up to date by events. */
export class Footage extends Changing {
  /** By camera: the numbers of the UTC days with footage, ascending. */
  #days: Map<string, number[]> | undefined;
  #problem: string | undefined;
  readonly #entries = new Map<string, Map<number, Entry>>();
  /** The days to read next, the most important last. */
  #wanted: { camera: string; day: number }[] = [];
  #readings = 0;
  #isReadingDays = false;
  /** Something has changed since the days were last requested. */
  #daysStale = false;
  readonly #reloads = new Map<string, number>();
  readonly #isRecorded: (camera: string, timeMs: number) => boolean;

  /** @param isRecorded whether a camera is known to have been recorded at a time, in whatever file */
  constructor(isRecorded: (camera: string, timeMs: number) => boolean) {
    super();
    this.#isRecorded = isRecorded;
  }

  /** Every camera that has footage; undefined until that is known. */
  get cameras(): string[] | undefined {
    return this.#days === undefined ? undefined : [...this.#days.keys()];
  }

  get loaded(): boolean {
    return this.#days !== undefined;
  }

  /** Why nothing could be read; undefined while all is well. */
  get problem(): string | undefined {
    return this.#problem;
  }

  start(): void {
    void this.#readDays();
  }

  /** Marks everything as outdated: it is read again when it is next needed, and stays visible until then. */
  refresh(): void {
    for (const days of this.#entries.values()) for (const entry of days.values()) entry.stale = true;
    void this.#readDays();
    this.changed();
  }

  onMinute(event: MinuteEvent): void {
    const startMs = minuteStartMs(event.name);
    if (startMs === undefined) return;
    const day = utcDayNumber(startMs);
    const days = this.#days?.get(event.camera) ?? [];
    if (this.#isReadingDays && !days.includes(day)) this.#daysStale = true; // the answer may be older than this event
    if (!days.includes(day))
      this.#days?.set(
        event.camera,
        [...days, day].sort((a, b) => a - b),
      );
    const entry = this.#entries.get(event.camera)?.get(day);
    entry?.minutes?.set({ name: event.name, state: "ready", hasThumbnail: event.hasThumbnail });
    this.#reloadSoon(event.camera, day);
    this.changed();
  }

  /** Looks up one camera's days, for functions that walk over days; looking up a day also requests it. */
  days(camera: string): (day: number) => CameraDay | undefined {
    return (day) => this.#look(camera, day);
  }

  hasDay(camera: string, day: number): boolean {
    return this.#days?.get(camera)?.includes(day) ?? false;
  }

  /** Whether everything within a period is known, so that what is not listed is a gap. */
  isKnown(camera: string, fromMs: number, toMs: number): boolean {
    for (let day = utcDayNumber(fromMs); day * UTC_DAY_MS < toMs; day++) {
      if (this.hasDay(camera, day) && this.#entries.get(camera)?.get(day)?.minutes === undefined) return false;
    }
    return this.loaded;
  }

  spans(camera: string, fromMs: number, toMs: number): Span[] {
    return listSpans(this.days(camera), fromMs, toMs);
  }

  takeAway(camera: string, fromMs: number, toMs: number): TakeAway {
    return takeAway(this.days(camera), fromMs, toMs);
  }

  /** Whether the minute that contains a time can be played; undefined while that is not known. */
  isReady(camera: string, timeMs: number): boolean | undefined {
    const day = utcDayNumber(timeMs);
    if (!this.hasDay(camera, day)) return this.loaded ? false : undefined;
    const minutes = this.#look(camera, day);
    return minutes && minutes.state(Math.floor((timeMs - day * UTC_DAY_MS) / MINUTE_MS)) === "ready";
  }

  /**
   * Whether a time is in a minute without a file of its own: its GOP began in the minute before, whose file holds it.
   */
  isInLonger(camera: string, timeMs: number): boolean {
    const day = utcDayNumber(timeMs);
    const state = this.#look(camera, day)?.state(Math.floor((timeMs - day * UTC_DAY_MS) / MINUTE_MS));
    return state === undefined && this.#isRecorded(camera, timeMs);
  }

  /** Whether the minute has a thumbnail; undefined while that is not known. */
  hasThumbnail(camera: string, minuteMs: number): boolean | undefined {
    const day = utcDayNumber(minuteMs);
    if (!this.hasDay(camera, day)) return this.loaded ? false : undefined;
    return this.#look(camera, day)?.hasThumbnail((minuteMs - day * UTC_DAY_MS) / MINUTE_MS);
  }

  /** The oldest and newest instants of the cameras' footage, rounded to UTC days; undefined when there is none. */
  extent(cameras: readonly string[]): { fromMs: number; toMs: number } | undefined {
    const days = cameras.flatMap((camera) => this.#days?.get(camera) ?? []);
    if (days.length === 0) return undefined;
    return { fromMs: Math.min(...days) * UTC_DAY_MS, toMs: (Math.max(...days) + 1) * UTC_DAY_MS };
  }

  /** The start of the first playable minute at or after the one that contains a time, across gaps and days. */
  async nextReady(camera: string, timeMs: number): Promise<number | undefined> {
    for (const day of this.#days?.get(camera) ?? []) {
      if (day < utcDayNumber(timeMs)) continue;
      const minutes = await this.#read(camera, day);
      const index = minutes?.nextReady(Math.floor((timeMs - day * UTC_DAY_MS) / MINUTE_MS)) ?? -1;
      if (index >= 0) return day * UTC_DAY_MS + index * MINUTE_MS;
    }
    return undefined;
  }

  /** The start of the last playable minute at or before the one that contains a time; without a time, of the newest. */
  async previousReady(camera: string, timeMs = Number.POSITIVE_INFINITY): Promise<number | undefined> {
    for (const day of [...(this.#days?.get(camera) ?? [])].reverse()) {
      if (day * UTC_DAY_MS > timeMs) continue;
      const minutes = await this.#read(camera, day);
      const index = minutes?.previousReady(Math.floor((timeMs - day * UTC_DAY_MS) / MINUTE_MS)) ?? -1;
      if (index >= 0) return day * UTC_DAY_MS + index * MINUTE_MS;
    }
    return undefined;
  }

  /** The newest ready minute of the last two days with footage, as far as they were read; requests them otherwise. */
  newestReady(camera: string): number | undefined {
    const days = this.#days?.get(camera) ?? [];
    for (const day of days.slice(-2).reverse()) {
      const minutes = this.#look(camera, day);
      if (minutes === undefined) return undefined;
      const index = minutes.previousReady(Number.POSITIVE_INFINITY);
      if (index >= 0) return day * UTC_DAY_MS + index * MINUTE_MS;
    }
    return undefined;
  }

  #entry(camera: string, day: number): Entry {
    let days = this.#entries.get(camera);
    if (days === undefined) {
      days = new Map();
      this.#entries.set(camera, days);
    }
    let entry = days.get(day);
    if (entry === undefined) {
      entry = { minutes: undefined, stale: true, loading: false };
      days.set(day, entry);
    }
    return entry;
  }

  #look(camera: string, day: number): CameraDay | undefined {
    if (!this.hasDay(camera, day)) return undefined;
    const entry = this.#entry(camera, day);
    if (entry.stale && !entry.loading) {
      entry.loading = true;
      this.#wanted.push({ camera, day });
      this.#readNext();
    }
    return entry.minutes;
  }

  async #read(camera: string, day: number): Promise<CameraDay | undefined> {
    const known = this.#look(camera, day);
    if (known !== undefined || !this.hasDay(camera, day)) return known;
    return new Promise((resolve) => {
      const end = this.subscribe(() => {
        const entry = this.#entry(camera, day);
        if (entry.loading) return;
        end();
        resolve(entry.minutes);
      });
    });
  }

  #readNext(): void {
    if (this.#readings >= MAX_READINGS) return;
    const next = this.#wanted.pop();
    if (next === undefined) return;
    this.#readings++;
    void this.#readDay(next.camera, next.day).finally(() => {
      this.#readings--;
      this.#readNext();
    });
  }

  async #readDay(camera: string, day: number): Promise<void> {
    const entry = this.#entry(camera, day);
    entry.stale = false; // changes from now on set it again
    try {
      const minutes = await readMinutes(camera, utcDayToken(day));
      entry.minutes = new CameraDay(day, minutes);
      entry.loading = false;
      this.#problem = undefined;
    } catch (error) {
      this.#problem = (error as Error).message;
      // It stays "loading", so that not every look-up requests it again, and is retried after a while.
      window.setTimeout(() => {
        this.#wanted.unshift({ camera, day });
        this.#readNext();
      }, RETRY_MS);
    }
    this.changed();
  }

  async #readDays(): Promise<void> {
    this.#daysStale = this.#isReadingDays;
    if (this.#isReadingDays) return;
    this.#isReadingDays = true;
    try {
      const answer = await readDays();
      const entries = Object.entries(answer).map(
        ([camera, days]) => [camera, days.map(utcDayOfToken).filter((day) => day !== undefined)] as const,
      );
      this.#days = new Map(entries.filter(([, days]) => days.length > 0));
      this.#problem = undefined;
    } catch (error) {
      this.#problem = (error as Error).message;
      this.#daysStale = false;
      window.setTimeout(() => void this.#readDays(), RETRY_MS);
    }
    this.#isReadingDays = false;
    if (this.#daysStale) void this.#readDays();
    this.changed();
  }

  #reloadSoon(camera: string, day: number): void {
    const key = `${camera} ${day}`;
    window.clearTimeout(this.#reloads.get(key));
    const timer = window.setTimeout(() => {
      this.#entry(camera, day).stale = true;
      this.changed();
    }, RELOAD_DELAY_MS);
    this.#reloads.set(key, timer);
  }
}
