import type { Stats } from "node:fs";
import { chmod, lstat, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Longer paths do not fit into the address of a Unix socket (unix(7)). */
const MAX_SOCKET_PATH_BYTES = 100;
const PRIVATE = 0o700;
/** Name of a file in the given folder that contains the path of the folder used in its place. */
const NOTE = "socket-folder";

/**
 * Returns a folder for the socket `name` that only this user (and root) can write to. It is `folder` itself, whose mode
 * becomes 0700. If that belongs to another user, or its path is too long for a socket, it is a temporary folder with a
 * random name, the same in each run while it exists. Throws when that path is too long, too.
 */
export async function findSocketFolder(folder: string, name: string): Promise<string> {
  if (fits(folder, name) && isOwn(await lstat(folder))) {
    await chmod(folder, PRIVATE);
    return folder;
  }
  const note = join(folder, NOTE);
  const known = await readFile(note, "utf8").catch(() => "");
  const stats = known === "" ? undefined : await lstat(known).catch(() => undefined);
  // Ours may have been removed, and somebody else may have made one of the same name.
  if (stats !== undefined && isOwn(stats) && (stats.mode & 0o777) === PRIVATE && fits(known, name)) return known;
  const made = await mkdtemp(join(tmpdir(), "hindsight-"));
  if (!fits(made, name)) throw new Error(`the path of ${made} is too long for a socket: set TMPDIR=/tmp`);
  await writeFile(note, made);
  return made;
}

function fits(folder: string, name: string): boolean {
  return Buffer.byteLength(join(folder, name)) <= MAX_SOCKET_PATH_BYTES;
}

function isOwn(stats: Stats): boolean {
  return stats.isDirectory() && stats.uid === process.getuid?.();
}
