/**
 * How many files a file system can still hold: ext4 and some others have a fixed number of inodes, and each file takes
 * one.
 */
export interface Inodes {
  free: number;
  total: number;
}

/** What statfs(2) says about inodes and the type of the file system. */
export interface InodeStats {
  type: number;
  files: number;
  ffree: number;
}

/** f_type of statfs(2) for file systems whose figures come from user space (FUSE) or from a server. */
const REPORTED_BY_OTHERS: ReadonlySet<number> = new Set([
  0x65735546, // FUSE
  0x6969, // NFS
  0xff534d42, // CIFS
  0xfe534d42, // SMB 2 and 3
  0x01021997, // 9P
]);
/** Enough for 64 cameras to convert a minute: three files of each camera are written before its chunk is removed. */
const MAX_RESERVED = 256;
/** A disk with very few inodes reserves this part of them. */
const RESERVED_PART = 1 / 16;
/** The reaper keeps this many free for each that a recorder reserves for conversions: five minutes of 64 cameras. */
const GOAL_FACTOR = 4;
/**
 * No more free inodes than this count as none: a conversion that was given up half-way has freed a few since the
 * ENOSPC.
 */
const NEARLY_NONE = 8;

/**
 * The inodes of a file system; undefined where their number is not limited or not known. File systems that create
 * inodes as needed report 0 in all (btrfs and some network file systems) or more free ones than there are (CephFS).
 * Many that are not local report how many files there are, but leave the free ones at 0: footage must not be deleted
 * because of that.
 */
export function inodesOf({ type, files, ffree }: InodeStats): Inodes | undefined {
  const isReported = files > 0 && ffree <= files && (ffree > 0 || !REPORTED_BY_OTHERS.has(type));
  return isReported ? { free: ffree, total: files } : undefined;
}

/** Inodes that a recorder leaves to conversions: with fewer it begins no chunk. */
export function reservedInodes({ total }: Inodes): number {
  return Math.min(MAX_RESERVED, Math.floor(total * RESERVED_PART));
}

/** Inodes that a reaper keeps free on a disk that is recorded to. */
export function inodeGoal(inodes: Inodes): number {
  return GOAL_FACTOR * reservedInodes(inodes);
}

/** Whether an ENOSPC was caused by a lack of inodes, as far as can be seen afterwards. */
export function isOutOfInodes(stats: InodeStats & { bsize: number; bavail: number }): boolean {
  const inodes = inodesOf(stats);
  return inodes !== undefined && inodes.free <= Math.min(NEARLY_NONE, inodes.total * RESERVED_PART) && stats.bavail > 0;
}

/** For the operator, who would be puzzled by ENOSPC while most bytes are free. */
export const OUT_OF_INODES = "the disk is out of inodes, not of bytes: it can hold no more files, however small";
