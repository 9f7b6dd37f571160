import { dirname } from "node:path";
import { type Inodes, inodeGoal, inodesOf } from "../../shared/disk/inodes.ts";
import type { StoreFiles } from "../../shared/disk/store-files.ts";
import type { Amount } from "./amount.ts";

/** The space of a file system, as far as an unprivileged process may use it. */
export interface Space {
  freeBytes: number;
  /** Used and free together, without the blocks reserved for root, as in df(1). */
  totalBytes: number;
  /** Absent where the file system does not limit the number of files. */
  inodes?: Inodes;
}

/** One file system, with those of the given directories that are on it. */
export interface DiskGroup<Entry> {
  /** st_dev, which identifies the disk. */
  device: number;
  /** A directory on it, for statfs(2). */
  path: string;
  entries: Entry[];
}

export interface GroupedByDisk<Entry> {
  disks: DiskGroup<Entry>[];
  /** Entries whose disk could not be determined: nothing of them may be reported or deleted. */
  unknown: { entry: Entry; error: unknown }[];
}

/**
 * The space of the file system that holds a folder. Throws the errors of statfs(2), and an error when the file system
 * reports no blocks at all (some virtual ones do): its space is then unknown, neither full nor empty.
 */
export async function readSpace(files: StoreFiles, folder: string): Promise<Space> {
  const stats = await files.statfs(folder);
  const { bsize, blocks, bfree, bavail } = stats;
  const totalBytes = (blocks - bfree + bavail) * bsize;
  if (!(totalBytes > 0)) throw new Error(`the file system of ${folder} does not tell its size`);
  const inodes = inodesOf(stats);
  return { freeBytes: bavail * bsize, totalBytes, ...(inodes !== undefined && { inodes }) };
}

/** How much of a disk is to be free: the largest of these counts. */
export interface SpaceGoal {
  /** Of the whole disk. */
  minFreePercent: number;
  minFreeBytes: number;
  /** recorder.diskReserve, kept for conversions: a recorder does not write with less. 0 where none records. */
  reserveBytes: number;
  /** Whether a camera is recorded to it: each minute takes inodes. */
  isRecordedTo: boolean;
}

/** Margin above the recorder's reserve, as a fraction of it: the reaper must free space before the recorder stops. */
const RESERVE_MARGIN = 0.25;

/** What must be freed to reach the goal; zero when it is reached. */
export function missing(space: Space, goal: SpaceGoal): Amount {
  return {
    bytes: Math.max(0, Math.ceil(goalBytes(space, goal) - space.freeBytes)),
    inodes: Math.max(0, goalInodes(space, goal) - (space.inodes?.free ?? 0)),
  };
}

/**
 * Inodes of a disk that are to be free: a fixed number that recording needs, not a percentage as with bytes. Few free
 * inodes do not slow a disk down, so more would cost footage for nothing.
 */
export function goalInodes({ inodes }: Space, { isRecordedTo }: SpaceGoal): number {
  return inodes === undefined || !isRecordedTo ? 0 : inodeGoal(inodes);
}

/** Bytes of a disk that are to be free. */
export function goalBytes(space: Space, goal: SpaceGoal): number {
  return Math.max((space.totalBytes * goal.minFreePercent) / 100, goal.minFreeBytes, reserveGoalBytes(space, goal));
}

/**
 * Bytes that must be free for the recorder to continue. 0 where the disk is smaller than the reserve: deleting would
 * not help.
 */
export function reserveGoalBytes({ totalBytes }: Space, { reserveBytes }: SpaceGoal): number {
  const bytes = reserveBytes * (1 + RESERVE_MARGIN);
  return bytes < totalBytes ? bytes : 0;
}

/** Groups entries by the file system of their directory; missing directories are left out. */
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

/** Missing while its parent exists: no footage yet. Where the parent is missing too, a disk may not be mounted. */
async function isJustAbsent(files: StoreFiles, directory: string, error: unknown): Promise<boolean> {
  if ((error as NodeJS.ErrnoException).code !== "ENOENT") return false;
  return (await files.statFolder(dirname(directory)).catch(() => undefined)) !== undefined;
}
