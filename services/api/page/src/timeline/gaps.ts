import type { readSpans } from "../client/client.ts";
import { HOUR_MS } from "../time/minute.ts";
import { Changing } from "../ui/store.ts";
import { type Viewport, widthMs } from "./viewport.ts";

/** A stretch of time without footage, ms since the Unix epoch. */
export interface Gap {
  fromMs: number;
  toMs: number;
}

/** When a pixel is wider than this, a gap within a minute is not visible. */
const CLOSE_MS_PER_PX = 20_000;
/** Recent footage may not be written yet: this close to the present, no gap is assumed after the newest footage. */
const PENDING_MS = 120_000;
const RETRY_MS = 10_000;

/** What is known about an hour. */
interface Hour {
  gaps: readonly Gap[];
  /** The periods without a gap. */
  recorded: readonly Gap[];
}

/** When a camera was not recorded, also within minutes, for the hours that were viewed closely; each is read once. */
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

  /**
   * Requests the unknown hours of a view, one camera at a time; does nothing while the view is too wide to show gaps.
   */
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

  /** The gaps that overlap a period, ascending, as far as they are known. */
  between(camera: string, fromMs: number, toMs: number): Gap[] {
    return this.#ofHours(camera, "gaps", fromMs, toMs);
  }

  /**
   * The recorded periods, as far as they are known, including minutes without a file of their own because their GOP
   * began earlier.
   */
  recorded(camera: string, fromMs: number, toMs: number): Gap[] {
    return this.#ofHours(camera, "recorded", fromMs, toMs);
  }

  /**
   * There is a new minute: its hour, and the one before, which it may complete, are read again when they are next
   * needed.
   */
  onMinute(camera: string, minuteMs: number): void {
    const hour = Math.floor(minuteMs / HOUR_MS);
    for (const changed of [hour - 1, hour]) this.#known.delete(keyOf(camera, changed));
    this.changed();
  }

  /** Marks everything as outdated: it is read again when it is next needed, and stays visible until then. */
  refresh(): void {
    this.#known.clear();
    this.changed();
  }

  /** Whether the camera is known to have been recorded at a time. */
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
    for (const hour of hours) this.#known.add(keyOf(camera, hour)); // a new minute removes its hour again
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

/** The parts of a period that ascending spans leave uncovered. */
function gapsAmong(spans: readonly Gap[], fromMs: number, toMs: number): Gap[] {
  const gaps: Gap[] = [];
  let atMs = fromMs;
  for (const span of [...spans, { fromMs: toMs, toMs }]) {
    if (span.fromMs > atMs) gaps.push({ fromMs: atMs, toMs: span.fromMs });
    atMs = Math.max(atMs, span.toMs);
  }
  return gaps;
}

/** The parts of stretches that are within a period. */
function within(stretches: readonly Gap[], fromMs: number, toMs: number): Gap[] {
  return stretches
    .map((gap) => ({ fromMs: Math.max(fromMs, gap.fromMs), toMs: Math.min(toMs, gap.toMs) }))
    .filter((gap) => gap.toMs > gap.fromMs);
}

function keyOf(camera: string, hour: number): string {
  return `${camera} ${hour}`;
}
