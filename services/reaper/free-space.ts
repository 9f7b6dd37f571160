import { dirname } from "node:path";
import { type Inodes, inodeGoal, inodesOf } from "../../shared/disk/inodes.ts";
import type { StoreFiles } from "../../shared/disk/store-files.ts";
import type { Amount } from "./amount.ts";

/** What a file system holds, as an unprivileged process may use it. */
export interface Space {
  freeBytes: number;
  /** Used and free together; the blocks kept back for root count for neither, as in df(1). */
  totalBytes: number;
  /** Absent where the file system has no limit to the number of its files. */
  inodes?: Inodes;
}

/** One file system and those of the directories asked for that lie on it. */
export interface DiskGroup<Entry> {
  /** st_dev: tells disks apart. */
  device: number;
  /** A directory on it, to ask for its space. */
  path: string;
  entries: Entry[];
}

export interface GroupedByDisk<Entry> {
  disks: DiskGroup<Entry>[];
  /** Entries whose disk could not be told. Nothing may be said, or deleted, of them. */
  unknown: { entry: Entry; error: unknown }[];
}

/**
 * The space of the file system that holds a folder. Throws the errors of statfs(2), and an error when the file system tells
 * of no blocks at all (some virtual ones do): nothing is known then, which is neither full nor empty.
 */
export async function readSpace(files: StoreFiles, folder: string): Promise<Space> {
  const stats = await files.statfs(folder);
  const { bsize, blocks, bfree, bavail } = stats;
  const totalBytes = (blocks - bfree + bavail) * bsize;
  if (!(totalBytes > 0)) throw new Error(`the file system of ${folder} does not tell its size`);
  const inodes = inodesOf(stats);
  return { freeBytes: bavail * bsize, totalBytes, ...(inodes !== undefined && { inodes }) };
}

/** How much of a disk is to be free: the largest counts. */
export interface SpaceGoal {
  /** Of the whole disk. */
  minFreePercent: number;
  minFreeBytes: number;
  /** What a recorder leaves to conversions: with less it does not write. 0 where none records. */
  reserveBytes: number;
  /** Whether a camera is recorded to it: each minute takes inodes. */
  isRecordedTo: boolean;
}

/** So much of the recorder's reserve beyond it: the reaper must have made room before the recorder stops. */
const RESERVE_MARGIN = 0.25;

/** What must become free to reach the goal, nothing when it is reached. */
export function missing(space: Space, goal: SpaceGoal): Amount {
  return {
    bytes: Math.max(0, Math.ceil(goalBytes(space, goal) - space.freeBytes)),
    inodes: Math.max(0, goalInodes(space, goal) - (space.inodes?.free ?? 0)),
  };
}

/**
 * Inodes of a disk that are to be free: what recording needs, and no part of the whole as of the bytes. A disk is no slower with
 * few of them, so more would cost footage for nothing.
 */
export function goalInodes({ inodes }: Space, { isRecordedTo }: SpaceGoal): number {
  return inodes === undefined || !isRecordedTo ? 0 : inodeGoal(inodes);
}

/** Bytes of a disk that are to be free. */
export function goalBytes(space: Space, goal: SpaceGoal): number {
  return Math.max((space.totalBytes * goal.minFreePercent) / 100, goal.minFreeBytes, reserveGoalBytes(space, goal));
}

/**
 * Bytes that are to be free for the recorder to go on, 0 where it cannot: on a disk that is smaller than its reserve nothing
 * is gained by deleting.
 */
export function reserveGoalBytes({ totalBytes }: Space, { reserveBytes }: SpaceGoal): number {
  const bytes = reserveBytes * (1 + RESERVE_MARGIN);
  return bytes < totalBytes ? bytes : 0;
}

/** Groups entries by the file system that their directory lies on; directories that are not there are left out. */
export async function groupByDisk<Entry extends { directory: string }>(
  files: StoreFiles,
  entries: Iterable<Entry>,
): Promise<GroupedByDisk<Entry>> {
  const disks = new Map<number, DiskGroup<Entry>>();
  const unknown: GroupedByDisk<Entry>["unknown"] = [];
  for (const entry of entries) {
    try {
      const { dev } = await files.statFolder(entry.directory);
      const disk = disks.get(dev);
      if (disk === undefined) disks.set(dev, { device: dev, path: entry.directory, entries: [entry] });
      else disk.entries.push(entry);
    } catch (error) {
      if (!(await isJustAbsent(files, entry.directory, error))) unknown.push({ entry, error });
    }
  }
  return { disks: [...disks.values()], unknown };
}

/** Not there while the folder above it is: no footage yet. With the folder above missing as well, a disk may be away. */
async function isJustAbsent(files: StoreFiles, directory: string, error: unknown): Promise<boolean> {
  if ((error as NodeJS.ErrnoException).code !== "ENOENT") return false;
  return (await files.statFolder(dirname(directory)).catch(() => undefined)) !== undefined;
}
