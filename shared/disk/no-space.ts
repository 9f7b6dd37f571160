import { isOutOfInodes, OUT_OF_INODES } from "./inodes.ts";
import type { StoreFiles } from "./store-files.ts";

/**
 * The message of an error that occurred below a folder; for ENOSPC caused by a lack of inodes, one that says so. Never
 * rejects.
 */
export async function messageOf(files: StoreFiles, error: Error, folder: string): Promise<string> {
  if ((error as NodeJS.ErrnoException).code !== "ENOSPC") return error.message;
  const stats = await files.statfs(folder).catch(() => undefined);
  return stats !== undefined && isOutOfInodes(stats) ? `${OUT_OF_INODES} (${error.message})` : error.message;
}
