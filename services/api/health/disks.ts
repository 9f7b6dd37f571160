import { dirname } from "node:path";
import { DiskAwayError } from "../../../shared/disk/disk-away-error.ts";
import { inodesOf } from "../../../shared/disk/inodes.ts";
import type { StoreFiles } from "../../../shared/disk/store-files.ts";
import { TimeoutError, within } from "../../../shared/redis/within.ts";

/** One file system, and which of the configured directories are on it. */
export interface DiskStatus {
  directories: string[];
  totalBytes: number;
  /** How much a process without privileges can still write. */
  freeBytes: number;
  /** As df(1) counts it: percentage of what such a process can use in all, rounded to a tenth. */
  usedPercent: number;
  /** `totalInodes` and `freeInodes` are absent where only the bytes limit how many files fit. */
  totalInodes?: number;
  freeInodes?: number;
  /** Days of footage that fit on it at the rate of the last days; absent while the reaper reports none. */
  daysThatFit?: number;
  /** `daysThatFit` is limited by the inodes, not the bytes; absent as above. */
  inodesRunOutFirst?: true;
  /** YYYYMMDD of the oldest footage on it; absent as above. */
  oldestDay?: string;
}

/** The code of a disk that does not answer; network file systems that give up by themselves report the same. */
export const NO_ANSWER = "ETIMEDOUT";
/** The code of a folder on which a disk must be mounted (`storage.mountPoints`) but none is. */
export const NOT_MOUNTED = "ENODEV";
/** The code of a file system that reports zero blocks. */
export const NO_SIZE = "ENODATA";
/** The code of a path that is not a directory. */
export const NO_DIRECTORY = "ENOTDIR";
/** The code of a symbolic link that points to nothing. */
export const DANGLING = "ENOLINK";
const IS_NOT_THERE: ReadonlySet<string | undefined> = new Set(["ENOENT", NO_DIRECTORY]);
/** Time limit for each disk, so that one that hangs does not hold up the answers of the others. */
const LIMIT_MS = 500;

/** A directory whose disk fails; if known, the path that is the cause, such as its mount point. */
export interface BrokenDirectory {
  directory: string;
  /** The error's code, such as EIO or EACCES. */
  code: string;
}

export interface DiskReport {
  disks: DiskStatus[];
  broken: BrokenDirectory[];
}

/** Reads the file systems of the directories; one that does not exist yet has its nearest parent's. Never rejects. */
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

/** A path in which none of our directories can be created. */
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

/** Throws the errors of statfs(2), and NO_SIZE for zero blocks: such a file system is neither full nor empty. */
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

/** Throws the errors of stat(2), NO_DIRECTORY for anything but a directory, and DANGLING for a dangling link. */
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

/** Whether a path that stat(2) does not find exists nevertheless: then it is a dangling link. */
function isLink(files: StoreFiles, path: string): Promise<boolean> {
  return files.lstat(path).then(
    () => true,
    () => false,
  );
}
