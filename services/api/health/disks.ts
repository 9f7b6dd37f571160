import { stat, statfs } from "node:fs/promises";
import { dirname } from "node:path";

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

/** A directory whose disk does not answer as it should. */
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
  const broken: BrokenDirectory[] = [];
  await Promise.all(
    Array.from(new Set(directories), async (directory) => {
      try {
        const { path, device } = await nearestExisting(directory);
        const known = byDevice.get(device);
        if (known !== undefined) {
          known.directories.push(directory);
          return;
        }
        const disk: DiskStatus = { directories: [directory], totalBytes: 0, freeBytes: 0, usedPercent: 0 };
        byDevice.set(device, disk);
        Object.assign(disk, await readSpace(path));
      } catch (error) {
        broken.push({ directory, code: (error as NodeJS.ErrnoException).code ?? "unknown error" });
      }
    }),
  );
  const disks = [...byDevice.values()].filter((disk) => disk.totalBytes > 0);
  for (const disk of disks) disk.directories.sort();
  return { disks: disks.sort((a, b) => ((a.directories[0] ?? "") < (b.directories[0] ?? "") ? -1 : 1)), broken };
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

async function nearestExisting(directory: string): Promise<{ path: string; device: number }> {
  for (let path = directory; ; path = dirname(path)) {
    try {
      return { path, device: (await stat(path)).dev };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT" || dirname(path) === path) throw error;
    }
  }
}
