import type { StoreFiles } from "../../shared/disk/store-files.ts";
import type { Amount } from "./amount.ts";
import type { FootageMinute, StoredFile } from "./footage.ts";

/**
 * Chunks first: a chunk that outlived its mp4 would be converted again, into half a minute that looks whole. Then the
 * mp4: without it the minute no longer exists for anybody. After that a crash can leave only pictures without a video,
 * which are not shown as a minute and which the next pass removes.
 */
const ORDER: Record<StoredFile["kind"], number> = {
  chunk: 0,
  quarantined: 0,
  mp4: 1,
  preview: 2,
  thumbnail: 3,
  temporary: 4,
};
const BLOCK_BYTES = 512;

export interface Removal {
  /** The freed space; a file with a second hard link frees nothing. */
  freed: Amount;
  removedFiles: number;
  /** Set when a file could not be removed; the files after it in the order are then kept as well. */
  failure?: { path: string; error: NodeJS.ErrnoException };
}

/**
 * Removes a minute's files, or with `dryRun` only counts them. Files that are gone already are no failure. Never
 * throws.
 */
export async function removeMinute(files: StoreFiles, minute: FootageMinute, dryRun: boolean): Promise<Removal> {
  const removal: Removal = { freed: { bytes: 0, inodes: 0 }, removedFiles: 0 };
  for (const { path } of [...minute.files].sort((a, b) => ORDER[a.kind] - ORDER[b.kind])) {
    try {
      const { blocks, nlink } = await files.lstat(path);
      if (!dryRun) await files.unlink(path);
      removal.removedFiles++;
      if (nlink !== 1) continue;
      removal.freed.bytes += blocks * BLOCK_BYTES;
      removal.freed.inodes++;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") continue;
      removal.failure = { path, error: error as NodeJS.ErrnoException };
      break;
    }
  }
  return removal;
}

/** Removes a folder when it is empty. Never throws. */
export async function removeIfEmpty(files: StoreFiles, folder: string): Promise<void> {
  await files.rmdir(folder).catch(() => {});
}
