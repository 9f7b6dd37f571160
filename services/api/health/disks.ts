import { dirname } from "node:path";
import { DiskAwayError } from "../../../shared/disk/disk-away-error.ts";
import { inodesOf } from "../../../shared/disk/inodes.ts";
import type { StoreFiles } from "../../../shared/disk/store-files.ts";
import { TimeoutError, within } from "../../../shared/redis/within.ts";

/** One file system, and which of our directories lie on it. */
export interface DiskStatus {
  directories: string[];
  totalBytes: number;
  /** What a process without privileges may still write. */
  freeBytes: number;
  /** As df(1) counts it: of what such a process could use in all, rounded to a tenth. */
  usedPercent: number;
  /** This and the next: absent where nothing but the bytes bounds how many files it can hold. */
  totalInodes?: number;
  freeInodes?: number;
  /** Days of footage that fit on it at the rate of the last days; absent while the reaper does not tell. */
  daysThatFit?: number;
  /** Of bytes more days would fit; absent as above. */
  inodesRunOutFirst?: true;
  /** YYYYMMDD of the oldest footage on it; absent as above. */
  oldestDay?: string;
}

/** The code of a disk that does not answer at all; of network file systems that give up by themselves, too. */
export const NO_ANSWER = "ETIMEDOUT";
/** The code of a folder on which a disk must be mounted (`storage.mountPoints`), and none is. */
export const NOT_MOUNTED = "ENODEV";
/** The code of a file system that tells of no blocks at all. */
export const NO_SIZE = "ENODATA";
/** The code of what is no directory. */
export const NO_DIRECTORY = "ENOTDIR";
/** The code of a symbolic link that points to nothing. */
export const DANGLING = "ENOLINK";
const IS_NOT_THERE: ReadonlySet<string | undefined> = new Set(["ENOENT", NO_DIRECTORY]);
/** A disk that hangs must not keep the others' answers from being had. */
const LIMIT_MS = 500;

/** A directory whose disk does not answer as it should: where it is known, the place that is to blame, such as its mount point. */
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
export async function readDisks(
  files: StoreFiles,
  directories: Iterable<string>,
  limitMs = LIMIT_MS,
): Promise<DiskReport> {
  const byDevice = new Map<number, DiskStatus>();
  const broken = new Map<string, string>();
  await Promise.all(
    Array.from(new Set(directories), async (directory) => {
      try {
        const { path, device } = await within(nearestExisting(files, directory), limitMs, directory);
        const known = byDevice.get(device);
        if (known !== undefined) {
          known.directories.push(directory);
          return;
        }
        const disk: DiskStatus = { directories: [directory], totalBytes: 0, freeBytes: 0, usedPercent: 0 };
        byDevice.set(device, disk);
        Object.assign(disk, await within(readSpace(files, path), limitMs, directory));
      } catch (error) {
        broken.set(
          placeOf(error) ?? directory,
          error instanceof TimeoutError ? NO_ANSWER : (codeOf(error) ?? "unknown error"),
        );
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

/** Something that no directory of ours can be made in. */
class PlaceError extends Error {
  readonly path: string;
  readonly code: string;

  constructor(path: string, code: string) {
    super(`${path}: ${code}`);
    this.path = path;
    this.code = code;
  }
}

function placeOf(error: unknown): string | undefined {
  if (error instanceof DiskAwayError) return error.mountPoint;
  return error instanceof PlaceError ? error.path : undefined;
}

/** Throws the errors of statfs(2), and NO_SIZE where a file system tells of no blocks: that is neither full nor empty. */
async function readSpace(files: StoreFiles, path: string): Promise<Omit<DiskStatus, "directories">> {
  const space = await files.statfs(path);
  if (!(space.blocks > 0)) throw new PlaceError(path, NO_SIZE);
  const inodes = inodesOf(space);
  const usedBlocks = space.blocks - space.bfree;
  const usableBlocks = usedBlocks + space.bavail;
  return {
    totalBytes: space.blocks * space.bsize,
    freeBytes: space.bavail * space.bsize,
    ...(inodes !== undefined && { totalInodes: inodes.total, freeInodes: inodes.free }),
    usedPercent: usableBlocks === 0 ? 0 : Math.round((usedBlocks / usableBlocks) * 1000) / 10,
  };
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}

/** Throws the errors of stat(2), NO_DIRECTORY for what is none, and DANGLING for a link that points to nothing. */
async function nearestExisting(files: StoreFiles, directory: string): Promise<{ path: string; device: number }> {
  for (let path = directory; ; path = dirname(path)) {
    const stats = await files.statFolder(path).catch((error: unknown) => {
      if (!IS_NOT_THERE.has(codeOf(error)) || dirname(path) === path) throw error;
      return undefined;
    });
    if (stats?.isDirectory() === true) return { path, device: stats.dev };
    if (stats !== undefined) throw new PlaceError(path, NO_DIRECTORY);
    if (await isLink(files, path)) throw new PlaceError(path, DANGLING);
  }
}

/** Whether there is something of the name that stat(2) does not find. */
function isLink(files: StoreFiles, path: string): Promise<boolean> {
  return files.lstat(path).then(
    () => true,
    () => false,
  );
}
