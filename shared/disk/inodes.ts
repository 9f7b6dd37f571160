/** How many files a file system can still hold: ext4 and some others are made with so many inodes, and each file takes one. */
export interface Inodes {
  free: number;
  total: number;
}

/** What statfs(2) tells of inodes, and of the file system's kind. */
export interface InodeStats {
  type: number;
  files: number;
  ffree: number;
}

/** statfs(2): f_type of what runs in user space, FUSE, and of what passes on the word of a server, which may run there. */
const TOLD_BY_OTHERS: ReadonlySet<number> = new Set([
  0x65735546, // FUSE
  0x6969, // NFS
  0xff534d42, // CIFS
  0xfe534d42, // SMB 2 and 3
  0x01021997, // 9P
]);
/** A fleet of 64 cameras converts a minute with so many: of each camera three files are written before the chunk goes. */
const MOST_RESERVED = 256;
/** A disk that was made with very few keeps this part of them. */
const RESERVED_PART = 1 / 16;
/** So many the reaper keeps free for each that a recorder leaves to conversions: five minutes of 64 cameras. */
const GOAL_FACTOR = 4;
/** A minute that was given up half-way gives a few back: who was refused one finds some free afterwards. */
const NONE_TO_SPEAK_OF = 8;

/**
 * The inodes of a file system; undefined where it makes them when they are needed and has no limit but its bytes (btrfs and
 * some network file systems tell of 0 in all, CephFS of more free ones than there are), and of one that is not this machine's own
 * and tells how many files there are, but of no free ones: many do not fill that in, and footage must not go for it.
 */
export function inodesOf({ type, files, ffree }: InodeStats): Inodes | undefined {
  const isTold = files > 0 && ffree <= files && (ffree > 0 || !TOLD_BY_OTHERS.has(type));
  return isTold ? { free: ffree, total: files } : undefined;
}

/** What a recorder leaves to conversions: with fewer it begins no chunk. */
export function reservedInodes({ total }: Inodes): number {
  return Math.min(MOST_RESERVED, Math.floor(total * RESERVED_PART));
}

/** What a reaper keeps free on a disk that is recorded to. */
export function inodeGoal(inodes: Inodes): number {
  return GOAL_FACTOR * reservedInodes(inodes);
}

/** Whether "no space left on device" (ENOSPC) is said for want of inodes, as far as can be seen afterwards. */
export function isOutOfInodes(stats: InodeStats & { bsize: number; bavail: number }): boolean {
  const inodes = inodesOf(stats);
  return (
    inodes !== undefined && inodes.free <= Math.min(NONE_TO_SPEAK_OF, inodes.total * RESERVED_PART) && stats.bavail > 0
  );
}

/** For the operator, to whom ENOSPC with most bytes free is a riddle. */
export const OUT_OF_INODES = "the disk is out of inodes, not of bytes: it can hold no more files, however small";
