import type { Config, ReaperConfig } from "../../shared/config/config.ts";
import type { StoreFiles } from "../../shared/disk/store-files.ts";
import { keepPath, minuteLockPath } from "../../shared/store/names.ts";
import { DAY_MS, dayAtMs, minuteEndUs } from "../../shared/time/minute.ts";
import type { FootageMinute } from "./footage.ts";
import type { SpaceGoal } from "./free-space.ts";

/** Minutes that ended later are never deleted, and no chunk that grew since: a recorder or converter may be at them. */
const UNTOUCHABLE_MS = 5 * 60_000;
/** Chunks this young merely wait for their turn; older ones are footage like any other that the converter cannot reach. */
const CONVERSION_DUE_MS = 3_600_000;

/** How long ago a minute ended; negative while it lasts, and for minutes of a clock that ran ahead. */
export function ageMs(minute: string, nowMs: number): number {
  return nowMs - minuteEndUs(minute) / 1000;
}

/** Days after which footage of a camera goes, or undefined when age alone never removes it. */
export function maxAgeDays(camera: string, config: Config, reaper: ReaperConfig): number | undefined {
  return config.cameras.get(camera)?.maxAgeDays ?? reaper.maxAgeDays;
}

/** Bytes that a camera's footage may take up, or undefined when only the disk bounds it. */
export function maxBytes(camera: string, config: Config, reaper: ReaperConfig): number | undefined {
  return config.cameras.get(camera)?.maxBytes ?? reaper.maxBytes;
}

/** What is to be free on the disk of these camera directories. */
export function spaceGoal(config: Config, reaper: ReaperConfig, directories: readonly string[]): SpaceGoal {
  const isRecordedTo = [...config.cameras.values()].some(({ directory }) => directories.includes(directory));
  const { minFreePercent, minFreeBytes } = reaper;
  const reserveBytes = isRecordedTo ? config.recorder.diskReserveBytes : 0;
  return { minFreePercent, minFreeBytes, reserveBytes, isRecordedTo };
}

/** Whether a camera's minute is older than the configuration lets it become. */
export function isExpired(
  { camera, minute }: FootageMinute,
  config: Config,
  reaper: ReaperConfig,
  nowMs: number,
): boolean {
  const days = maxAgeDays(camera, config, reaper);
  return days !== undefined && ageMs(minute, nowMs) > days * DAY_MS;
}

/** The last day, YYYYMMDD, that can hold footage older than so many days. */
export function lastExpiredDay(days: number, nowMs: number): string {
  return dayAtMs(nowMs - days * DAY_MS);
}

/**
 * - `untouchable`: too young, marked to be kept, locked by a converter, or a chunk of it grew a moment ago (a GOP may last
 *   for hours, and its chunk with it)
 * - `unconverted-lately`: a chunk of it should be converted any moment: it goes only when there is nothing else
 * - `unconverted`: has chunks that nobody converted for long, or that are in quarantine: goes in its turn, with a warning
 * - `settled`: nobody is at it
 */
export type MinuteState = "untouchable" | "unconverted-lately" | "unconverted" | "settled";

/**
 * The state of a minute, as its files are now: the mark or the lock may have come after the folder was read. What cannot
 * be told makes it untouchable.
 */
export async function minuteStateOf(files: StoreFiles, footage: FootageMinute, nowMs: number): Promise<MinuteState> {
  const { minute } = footage;
  const minuteAgeMs = ageMs(minute, nowMs);
  if (minuteAgeMs < UNTOUCHABLE_MS || (await isGuarded(files, footage, nowMs))) return "untouchable";
  const chunks = footage.files.filter(({ kind }) => kind === "chunk");
  if (chunks.length === 0) return footage.files.some(({ kind }) => kind === "quarantined") ? "unconverted" : "settled";
  let idleMs = minuteAgeMs;
  for (const { path } of chunks) {
    const stats = await files.lstat(path).catch(() => undefined);
    if (stats === undefined) return "untouchable";
    idleMs = Math.min(idleMs, nowMs - stats.mtimeMs);
  }
  if (idleMs < UNTOUCHABLE_MS) return "untouchable";
  return idleMs < CONVERSION_DUE_MS ? "unconverted-lately" : "unconverted";
}

/** Whether a minute has the mark that keeps it, or a lock whose holder was heard of lately. */
async function isGuarded(
  files: StoreFiles,
  { directory, camera, minute }: FootageMinute,
  nowMs: number,
): Promise<boolean> {
  const [keep, lock] = await Promise.all(
    [keepPath, minuteLockPath].map((pathOf) => changedMs(files, pathOf(directory, camera, minute))),
  );
  return keep !== undefined || (lock !== undefined && nowMs - lock < UNTOUCHABLE_MS);
}

/** When a file changed last; undefined when it is not there, infinite when that cannot be told. */
async function changedMs(files: StoreFiles, path: string): Promise<number | undefined> {
  try {
    return (await files.lstat(path)).mtimeMs;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT" ? undefined : Number.POSITIVE_INFINITY;
  }
}
