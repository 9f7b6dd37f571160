import { dirname } from "node:path";
import { DiskHangsError } from "../../../shared/disk/disk-hangs-error.ts";
import { stat, statfs } from "../../../shared/disk/files.ts";
import { TimeoutError, within } from "../../../shared/redis/within.ts";

/** One file system, and which of our directories lie on it. */
export interface DiskStatus {
  directories: string[];
  totalBytes: number;
  /** What a process without privileges may still write. */
  freeBytes: number;
  /** As df(1) counts it: of what such a process could use in all, rounded to a tenth. */
  usedPercent: number;
  /** Days of footage that fit on it at the rate of the last days; absent while the reaper does not tell. */
  daysThatFit?: number;
  /** YYYYMMDD of the oldest footage on it; absent as above. */
  oldestDay?: string;
}

/** The code of a disk that does not answer at all; of network file systems that give up by themselves, too. */
export const NO_ANSWER = "ETIMEDOUT";
/** A disk that hangs must not keep the others' answers from being had. */
const LIMIT_MS = 500;

/** A directory whose disk does not answer as it should; of one that hangs, its mount point once that is known. */
export interface BrokenDirectory {
  directory: string;
  /** The error's code, such as EIO or EACCES. */
  code: string;
}

export interface DiskReport {
  disks: DiskStatus[];
  broken: BrokenDirectory[];
}

/** Asks the file systems under the directories; one that does not exist yet stands on its nearest parent's. Never throws. */
export async function readDisks(directories: Iterable<string>): Promise<DiskReport> {
  const byDevice = new Map<number, DiskStatus>();
  const broken = new Map<string, string>();
  await Promise.all(
    Array.from(new Set(directories), async (directory) => {
      try {
        const { path, device } = await within(nearestExisting(directory), LIMIT_MS, directory);
        const known = byDevice.get(device);
        if (known !== undefined) {
          known.directories.push(directory);
          return;
        }
        const disk: DiskStatus = { directories: [directory], totalBytes: 0, freeBytes: 0, usedPercent: 0 };
        byDevice.set(device, disk);
        Object.assign(disk, await within(readSpace(path), LIMIT_MS, directory));
      } catch (error) {
        const place = error instanceof DiskHangsError ? error.mountPoint : directory;
        broken.set(place, error instanceof TimeoutError ? NO_ANSWER : (codeOf(error) ?? "unknown error"));
      }
    }),
  );
  const disks = [...byDevice.values()].filter((disk) => disk.totalBytes > 0);
  for (const disk of disks) disk.directories.sort();
  return {
    disks: disks.sort((a, b) => ((a.directories[0] ?? "") < (b.directories[0] ?? "") ? -1 : 1)),
    broken: Array.from(broken, ([directory, code]) => ({ directory, code })),
  };
}

/** Throws the errors of statfs(2), and ENODATA where a file system tells of no blocks: that is neither full nor empty. */
async function readSpace(path: string): Promise<Omit<DiskStatus, "directories">> {
  const space = await statfs(path);
  if (!(space.blocks > 0)) throw Object.assign(new Error(`${path} does not tell its size`), { code: "ENODATA" });
  const usedBlocks = space.blocks - space.bfree;
  const usableBlocks = usedBlocks + space.bavail;
  return {
    totalBytes: space.blocks * space.bsize,
    freeBytes: space.bavail * space.bsize,
    usedPercent: usableBlocks === 0 ? 0 : Math.round((usedBlocks / usableBlocks) * 1000) / 10,
  };
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}

async function nearestExisting(directory: string): Promise<{ path: string; device: number }> {
  for (let path = directory; ; path = dirname(path)) {
    try {
      return { path, device: (await stat(path)).dev };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT" || dirname(path) === path) throw error;
    }
  }
}
