import type { Config, ReaperConfig } from "../../shared/config/config.ts";
import type { StoreFiles } from "../../shared/disk/store-files.ts";
import { keepPath, minuteLockPath } from "../../shared/store/names.ts";
import { DAY_MS, dayAtMs, minuteEndUs } from "../../shared/time/minute.ts";
import type { FootageMinute } from "./footage.ts";
import type { SpaceGoal } from "./free-space.ts";

/**
 * A minute that ended, or a chunk that grew, less than this ago is never deleted: it may still be written or converted.
 */
const UNTOUCHABLE_MS = 5 * 60_000;
/**
 * Younger chunks still wait for their conversion; older ones are treated as footage that the converter cannot convert.
 */
const CONVERSION_DUE_MS = 3_600_000;

/** How long ago a minute ended; negative before its end, and for minutes recorded while the clock was ahead. */
export function ageMs(minute: string, nowMs: number): number {
  return nowMs - minuteEndUs(minute) / 1000;
}

/** Days after which footage of a camera is deleted, or undefined when it has no age limit. */
export function maxAgeDays(camera: string, config: Config, reaper: ReaperConfig): number | undefined {
  return config.cameras.get(camera)?.maxAgeDays ?? reaper.maxAgeDays;
}

/** Maximum size of a camera's footage in bytes, or undefined when only the disk limits it. */
export function maxBytes(camera: string, config: Config, reaper: ReaperConfig): number | undefined {
  return config.cameras.get(camera)?.maxBytes ?? reaper.maxBytes;
}

/** The free space to keep on the disk of these camera directories. */
export function spaceGoal(config: Config, reaper: ReaperConfig, directories: readonly string[]): SpaceGoal {
  const isRecordedTo = [...config.cameras.values()].some(({ directory }) => directories.includes(directory));
  const { minFreePercent, minFreeBytes } = reaper;
  const reserveBytes = isRecordedTo ? config.recorder.diskReserveBytes : 0;
  return { minFreePercent, minFreeBytes, reserveBytes, isRecordedTo };
}

/** Whether a camera's minute is older than the configured maximum age. */
export function isExpired(
  { camera, minute }: FootageMinute,
  config: Config,
  reaper: ReaperConfig,
  nowMs: number,
): boolean {
  const days = maxAgeDays(camera, config, reaper);
  return days !== undefined && ageMs(minute, nowMs) > days * DAY_MS;
}

/** The last day, YYYYMMDD, that can hold footage older than `days` days. */
export function lastExpiredDay(days: number, nowMs: number): string {
  return dayAtMs(nowMs - days * DAY_MS);
}

/**
 * - `untouchable`: too young, archived, locked by a converter, or one of its chunks grew recently (a GOP, and so its
 *   chunk, may last for hours)
 * - `unconverted-lately`: one of its chunks should be converted soon: deleted only when there is nothing else
 * - `unconverted`: its chunks have waited long for conversion or are in quarantine: deleted in its turn, with a warning
 * - `settled`: nobody is working on it
 */
export type MinuteState = "untouchable" | "unconverted-lately" | "unconverted" | "settled";

/**
 * The state of a minute, as its files are now: the archive mark or the lock may be newer than the listing of the
 * folder. A minute whose state cannot be determined is untouchable.
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

/** Whether a minute is archived or has a lock that is not stale. */
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

/** When a file was last modified; undefined when it is missing, infinite when that cannot be read. */
async function changedMs(files: StoreFiles, path: string): Promise<number | undefined> {
  try {
    return (await files.lstat(path)).mtimeMs;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT" ? undefined : Number.POSITIVE_INFINITY;
  }
}
