import type { StoreFiles } from "../../shared/disk/store-files.ts";
import type { DiskForecast } from "../../shared/status/storage-status.ts";
import { dayFolder } from "../../shared/store/names.ts";
import { DAY_MS, dayAtMs } from "../../shared/time/minute.ts";
import { type Amount, NOTHING, sum } from "./amount.ts";
import type { DaySizes } from "./day-sizes.ts";
import { dayNames } from "./footage.ts";
import type { Space } from "./free-space.ts";

/** Number of finished days over which the rate is averaged. */
const DAYS = 3;

/**
 * How long a disk holds footage at the rate of its last three finished days. The oldest day is left out, because the
 * reaper may have deleted a part of it; without another day the rate is not known yet. Undefined when `mayGoOn`, called
 * before each folder, returned false. Rejects with the errors of reading the folders.
 */
export async function forecastDisk(
  files: StoreFiles,
  directories: readonly string[],
  space: Space,
  minFree: Amount,
  sizes: DaySizes,
  nowMs: number,
  mayGoOn: () => boolean = () => true,
): Promise<DiskForecast | undefined> {
  const raise = (_folder: string, error: unknown) => {
    throw error;
  };
  const perDirectory = await Promise.all(directories.map((directory) => dayNames(files, directory, raise)));
  const days = [...new Set(perDirectory.flat())].sort();
  const today = dayAtMs(nowMs);
  const since = dayAtMs(nowMs - DAYS * DAY_MS);
  const finished = days.slice(1).filter((day) => day >= since && day < today);
  let used = NOTHING;
  for (const day of finished) {
    for (const directory of directories) {
      if (!mayGoOn()) return undefined;
      for (const each of (await sizes.read(dayFolder(directory, day))).values()) used = sum(used, each);
    }
  }
  const forecast: DiskForecast = {
    directories: [...directories],
    ...(days[0] !== undefined && { oldestDay: days[0] }),
  };
  if (used.bytes === 0) return forecast;
  const bytesPerDay = Math.round(used.bytes / finished.length);
  const daysOfBytes = Math.max(0, space.totalBytes - minFree.bytes) / bytesPerDay;
  const filesPerDay = used.inodes / finished.length;
  const { inodes } = space;
  const daysOfInodes =
    inodes === undefined ? Number.POSITIVE_INFINITY : Math.max(0, inodes.total - minFree.inodes) / filesPerDay;
  const daysThatFit = Math.round(Math.min(daysOfBytes, daysOfInodes) * 10) / 10;
  return { ...forecast, bytesPerDay, daysThatFit, ...(daysOfInodes < daysOfBytes && { inodesRunOutFirst: true }) };
}
