import type { Catalog } from "../../../shared/catalog/catalog.ts";
import { type DayIndex, Has, indexOf } from "../../../shared/catalog/day-index.ts";
import type { LiveConfig } from "../../../shared/config/config.ts";
import type { StoreFiles } from "../../../shared/disk/store-files.ts";
import { readMinuteSummary } from "../../../shared/mp4/minute-file.ts";
import { chunkPath, minutePath } from "../../../shared/store/names.ts";
import { DAY_MS, dayAtMs, dayOf, MINUTE_MS, type Minute, minuteAt, minuteEndUs } from "../../../shared/time/minute.ts";

/** What was found in a camera's footage of today and yesterday. */
export interface CameraFootage {
  /** The newest run of whole minutes without footage within the last quarter of an hour, ms since the Unix epoch. */
  gap?: { fromMs: number; toMs: number };
  /** The oldest minute of today and yesterday that is not converted. */
  oldestWaiting?: Minute;
}

const WINDOW_MINUTES = 15;
/** The current minute and the one before may have no file yet, since a minute begins at its first keyframe. */
const YOUNGEST_MINUTES = 2;
/** Interval at which a camera's whole day, which takes milliseconds, is read while its newest minutes are all there. */
const DAY_READ_MS = 10 * MINUTE_MS;

/** Finds what is missing in the newest footage of cameras, and what waits for its conversion. */
export class FootageCheck {
  readonly #files: StoreFiles;
  readonly #catalog: Catalog;
  readonly #config: LiveConfig;
  /** When cameras were enabled since the start, ms since the Unix epoch: missing footage before that is no gap. */
  readonly #enabledMs = new Map<string, number>();
  /** When each camera's days were last read, and the oldest minute that waited then. */
  readonly #daysRead = new Map<string, { atMs: number; oldestWaiting: Minute | undefined }>();

  constructor(files: StoreFiles, catalog: Catalog, config: LiveConfig) {
    this.#files = files;
    this.#catalog = catalog;
    this.#config = config;
    config.onChange((next, previous) => {
      for (const { id, enabled } of next.cameras.values()) {
        if (enabled && previous.cameras.get(id)?.enabled !== true) this.#enabledMs.set(id, Date.now());
      }
    });
  }

  /** Checks every known camera that can be read. Rejects when the cameras cannot be listed. */
  async run(nowMs: number): Promise<Map<string, CameraFootage>> {
    const found = new Map<string, CameraFootage>();
    for (const camera of (await this.#catalog.cameras()).keys()) {
      try {
        found.set(camera, (await this.#isWell(camera, nowMs)) ? {} : await this.#readDays(camera, nowMs));
      } catch {
        // an unreadable disk is a condition of its own
      }
    }
    return found;
  }

  /** Whether the newest minutes are all converted and a recent reading of the days found nothing older waiting. */
  async #isWell(camera: string, nowMs: number): Promise<boolean> {
    const known = this.#daysRead.get(camera);
    const directory = this.#config.current.cameras.get(camera)?.directory;
    if (known === undefined || directory === undefined || Math.abs(nowMs - known.atMs) >= DAY_READ_MS) return false;
    const minutes = Array.from({ length: WINDOW_MINUTES - YOUNGEST_MINUTES + 1 }, (_, i) =>
      minuteAt((nowMs - (YOUNGEST_MINUTES + i) * MINUTE_MS) * 1000),
    );
    if ((known.oldestWaiting ?? "~") < (minutes.at(-1) as Minute)) return false;
    for (const minute of minutes) {
      const isThere = await this.#files.stat(minutePath(directory, camera, minute, "mp4")).then(
        () => true,
        () => false,
      );
      if (!isThere) return false;
    }
    return true;
  }

  /** Throws the errors of reading the camera's folders. */
  async #readDays(camera: string, nowMs: number): Promise<CameraFootage> {
    const days = [nowMs - DAY_MS, nowMs].map(dayAtMs);
    const indexes = (await Promise.all(days.map((day) => this.#catalog.day(camera, day)))).flat();
    const quarantined = new Set(await this.#catalog.quarantined(camera));
    const waiting = indexes.flatMap((index) => Array.from(index.minutes(Has.chunk), ({ minute }) => minute));
    const oldestWaiting = waiting.sort()[0];
    this.#daysRead.set(camera, { atMs: nowMs, oldestWaiting });
    const isEnabled = this.#config.current.cameras.get(camera)?.enabled === true;
    const gap = isEnabled ? await this.#findGap(camera, indexes, quarantined, nowMs) : undefined;
    return { ...(gap !== undefined && { gap }), ...(oldestWaiting !== undefined && { oldestWaiting }) };
  }

  /**
   * The newest gap that has footage before it. A minute without a file is no gap when the minute before reaches past
   * it, as with a GOP longer than a minute.
   */
  async #findGap(camera: string, indexes: DayIndex[], quarantined: ReadonlySet<Minute>, nowMs: number) {
    const isThere = (timeMs: number) => {
      const minute = minuteAt(timeMs * 1000);
      return quarantined.has(minute) || indexes.some((index) => holds(index, minute, Has.mp4 | Has.chunk));
    };
    const thisMinuteMs = Math.floor(nowMs / MINUTE_MS) * MINUTE_MS;
    const oldestMs = thisMinuteMs - WINDOW_MINUTES * MINUTE_MS;
    let toMs = thisMinuteMs - (YOUNGEST_MINUTES - 1) * MINUTE_MS;
    for (;;) {
      while (toMs > oldestMs && isThere(toMs - MINUTE_MS)) toMs -= MINUTE_MS;
      if (toMs <= oldestMs) return undefined;
      const before = newestBefore(indexes, toMs - MINUTE_MS);
      if (before === undefined) return undefined;
      const reachedMs = Math.max(await reachOf(this.#files, camera, before, nowMs), this.#enabledMs.get(camera) ?? 0);
      const beforeEndMs = minuteEndUs(before.minute) / 1000;
      const fromMs = Math.max(beforeEndMs, Math.ceil(reachedMs / MINUTE_MS) * MINUTE_MS);
      if (fromMs < toMs) return { fromMs, toMs };
      toMs = beforeEndMs;
    }
  }
}

interface Place {
  index: DayIndex;
  minute: Minute;
}

function holds(index: DayIndex, minute: Minute, wanted: number): boolean {
  return index.day === dayOf(minute) && (index.has(indexOf(minute)) & wanted) !== 0;
}

/** The newest minute with footage that begins before the time. */
function newestBefore(indexes: readonly DayIndex[], timeMs: number): Place | undefined {
  const limit = minuteAt(timeMs * 1000);
  let newest: Place | undefined;
  for (const index of indexes) {
    for (const { minute } of index.minutes(Has.mp4 | Has.chunk)) {
      if (minute < limit && (newest === undefined || minute > newest.minute)) newest = { index, minute };
    }
  }
  return newest;
}

/** When a minute's footage ends, ms since the Unix epoch; `nowMs` if unknown, so that no false gap is reported. */
async function reachOf(files: StoreFiles, camera: string, { index, minute }: Place, nowMs: number): Promise<number> {
  try {
    const part = index.chunkParts(indexOf(minute)).at(-1);
    if (part !== undefined) return (await files.stat(chunkPath(index.directory, camera, minute, part))).mtimeMs;
    const file = await files.open(minutePath(index.directory, camera, minute, "mp4"));
    try {
      const { spans } = (await readMinuteSummary(file)).record;
      return Math.max(...spans.map(({ endUs }) => endUs)) / 1000;
    } finally {
      await file.close();
    }
  } catch {
    return nowMs;
  }
}
