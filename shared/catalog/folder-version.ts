import type { BigIntStats } from "node:fs";
import type { StoreFiles } from "../disk/store-files.ts";

/** A state of a folder's list of names. */
export interface FolderVersion {
  /** Differs whenever a name was added, removed or replaced, up to the granularity of the file system's times. */
  key: string;
  /** ms since the Unix epoch. */
  modifiedMs: number;
}

/**
 * A folder changed twice within one tick of its file system's clock (4 ms on ext4, 2 s on FAT, a second on some network
 * storage) has the same time after both changes. A list read this soon after a change may be that of the first one: it
 * is used, but not cached.
 */
const SETTLE_MS = 2000;

/** The current version of a folder, or undefined when there is none. Throws other errors of stat(2). */
export async function folderVersion(files: StoreFiles, folder: string): Promise<FolderVersion | undefined> {
  let stats: BigIntStats;
  try {
    stats = await files.statFolder(folder, { bigint: true });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw error;
  }
  return {
    key: `${stats.dev}:${stats.ino}:${stats.mtimeNs}:${stats.ctimeNs}`,
    modifiedMs: Number(stats.mtimeNs / 1_000_000n),
  };
}

/** Whether a list whose reading began at `readMs` may be cached until the folder's version changes. */
export function hasSettled(version: FolderVersion, readMs: number): boolean {
  return readMs - version.modifiedMs > SETTLE_MS;
}
