import { open } from "node:fs/promises";

/**
 * Codes with which fsync(2) of a folder fails where the file system does not support it: EINVAL (from the kernel
 * itself: CIFS and others), ENOTSUP and ENOSYS (FUSE and network file systems), EBADF (those that sync only what is
 * open for writing; the folder was opened right before, so it cannot mean anything else). PostgreSQL ignores EBADF and
 * EINVAL in the same place. Errors that mean that something was not written (EIO, ENOSPC, EDQUOT, EROFS), and any error
 * of opening the folder, are not among them.
 */
const UNSUPPORTED: ReadonlySet<string | undefined> = new Set(["EINVAL", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EBADF"]);

/**
 * fsync(2) of a folder. Returns false where its file system does not support it; throws the errors of open(2) and
 * fsync(2).
 */
export async function syncFolderIfSupported(folder: string): Promise<boolean> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
    return true;
  } catch (error) {
    if (!UNSUPPORTED.has((error as NodeJS.ErrnoException).code)) throw error;
    return false;
  } finally {
    await handle.close();
  }
}

/** What it means, for the log and the operator. */
export const FOLDERS_NOT_SYNCED =
  "its file system cannot make the names in a folder durable (fsync of a folder is not supported): after a power loss there, " +
  "a chunk that had just been begun may be missing, and so may a minute whose chunk had just been converted and removed";

/** What to do about it. */
export const FOLDERS_NOT_SYNCED_ADVICE =
  "Record to a local file system, or to NFS, where that counts; or see that the server of this one has an uninterruptible power supply.";
