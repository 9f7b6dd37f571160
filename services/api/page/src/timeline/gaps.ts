import type { readSpans } from "../client/client.ts";
import { HOUR_MS } from "../time/minute.ts";
import { Changing } from "../ui/store.ts";
import { type Viewport, widthMs } from "./viewport.ts";

/** A stretch of time without footage, ms since the Unix epoch. */
export interface Gap {
  fromMs: number;
  toMs: number;
}

/** Wider than this a pixel is, a gap within a minute cannot be seen. */
const CLOSE_MS_PER_PX = 20_000;
/** What came so lately may not be written yet: after the newest footage there is no gap so soon. */
const PENDING_MS = 120_000;
const RETRY_MS = 10_000;

/** What is known of an hour. */
interface Hour {
  gaps: readonly Gap[];
  /** Where there was none. */
  recorded: readonly Gap[];
}

/** Where a camera was not recorded, within minutes too: of the hours that are looked at closely, each read once. */
export class Gaps extends Changing {
  /** By camera, then by the number of the hour since 1970. */
  readonly #hours = new Map<string, Map<number, Hour>>();
  readonly #known = new Set<string>();
  #isReading = false;
  #retryAtMs = Number.NEGATIVE_INFINITY;
  readonly #readSpans: typeof readSpans;

  constructor(read: typeof readSpans) {
    super();
    this.#readSpans = read;
  }

  /** Reads what is missing of a view, one stretch of hours at a time; nothing while the view is too wide to show it. */
  want(cameras: readonly string[], view: Viewport, nowMs: number): void {
    if (this.#isReading || nowMs < this.#retryAtMs || widthMs(view) / view.widthPx > CLOSE_MS_PER_PX) return;
    const first = Math.floor(view.fromMs / HOUR_MS);
    const last = Math.floor(Math.min(view.toMs, nowMs) / HOUR_MS);
    for (const camera of cameras) {
      const missing: number[] = [];
      for (let hour = first; hour <= last; hour++) if (!this.#known.has(keyOf(camera, hour))) missing.push(hour);
      if (missing.length > 0) {
        void this.#read(camera, missing[0] as number, missing.at(-1) as number, nowMs);
        return;
      }
    }
  }

  /** The gaps that overlap a stretch of time, ascending, as far as they were read. */
  between(camera: string, fromMs: number, toMs: number): Gap[] {
    return this.#ofHours(camera, "gaps", fromMs, toMs);
  }

  /** When it was recorded, as far as that was read: also in minutes that have no file of their own, for their GOP began before. */
  recorded(camera: string, fromMs: number, toMs: number): Gap[] {
    return this.#ofHours(camera, "recorded", fromMs, toMs);
  }

  /** A minute has come: its hour, and the one before, which it may have ended, are read anew when they are looked at next. */
  onMinute(camera: string, minuteMs: number): void {
    const hour = Math.floor(minuteMs / HOUR_MS);
    for (const changed of [hour - 1, hour]) this.#known.delete(keyOf(camera, changed));
    this.changed();
  }

  /** Takes all for old: it is read anew when it is looked at next. What was read stays on show till then. */
  refresh(): void {
    this.#known.clear();
    this.changed();
  }

  /** Whether it is known to have been recorded at a time. */
  isRecorded(camera: string, timeMs: number): boolean {
    return this.recorded(camera, timeMs, timeMs + 1).length > 0;
  }

  #ofHours(camera: string, what: keyof Hour, fromMs: number, toMs: number): Gap[] {
    const hours = this.#hours.get(camera);
    const found: Gap[] = [];
    for (let hour = Math.floor(fromMs / HOUR_MS); hour * HOUR_MS < toMs; hour++)
      found.push(...(hours?.get(hour)?.[what] ?? []));
    return found.filter((each) => each.fromMs < toMs && each.toMs > fromMs);
  }

  async #read(camera: string, firstHour: number, lastHour: number, nowMs: number): Promise<void> {
    this.#isReading = true;
    const hours = Array.from({ length: lastHour - firstHour + 1 }, (_, i) => firstHour + i);
    for (const hour of hours) this.#known.add(keyOf(camera, hour)); // what comes from now on takes it back
    try {
      const endMs = (lastHour + 1) * HOUR_MS;
      const spans = await this.#readSpans(camera, firstHour * HOUR_MS, endMs);
      const newestMs = spans.at(-1)?.toMs ?? endMs;
      const gaps = gapsAmong(spans, firstHour * HOUR_MS, endMs > nowMs - PENDING_MS ? newestMs : endMs);
      const found = this.#hours.get(camera) ?? new Map<number, Hour>();
      this.#hours.set(camera, found);
      for (const hour of hours) {
        const ofHour = (stretches: readonly Gap[]) => within(stretches, hour * HOUR_MS, (hour + 1) * HOUR_MS);
        found.set(hour, { gaps: ofHour(gaps), recorded: ofHour(spans) });
      }
    } catch {
      for (const hour of hours) this.#known.delete(keyOf(camera, hour));
      this.#retryAtMs = nowMs + RETRY_MS;
    }
    this.#isReading = false;
    this.changed();
  }
}

/** What ascending spans leave of a stretch of time. */
function gapsAmong(spans: readonly Gap[], fromMs: number, toMs: number): Gap[] {
  const gaps: Gap[] = [];
  let atMs = fromMs;
  for (const span of [...spans, { fromMs: toMs, toMs }]) {
    if (span.fromMs > atMs) gaps.push({ fromMs: atMs, toMs: span.fromMs });
    atMs = Math.max(atMs, span.toMs);
  }
  return gaps;
}

/** The parts that lie in a stretch of time. */
function within(stretches: readonly Gap[], fromMs: number, toMs: number): Gap[] {
  return stretches
    .map((gap) => ({ fromMs: Math.max(fromMs, gap.fromMs), toMs: Math.min(toMs, gap.toMs) }))
    .filter((gap) => gap.toMs > gap.fromMs);
}

function keyOf(camera: string, hour: number): string {
  return `${camera} ${hour}`;
}
