import { statfs } from "./files.ts";
import { isOutOfInodes, OUT_OF_INODES } from "./inodes.ts";

/** The message of an error; of ENOSPC for want of inodes, one that says so. Never rejects. */
export async function messageOf(error: Error, path: string): Promise<string> {
  if ((error as NodeJS.ErrnoException).code !== "ENOSPC") return error.message;
  const stats = await statfs(path).catch(() => undefined);
  return stats !== undefined && isOutOfInodes(stats) ? `${OUT_OF_INODES} (${error.message})` : error.message;
}
