import type { Stats } from "node:fs";
import { chmod, lstat, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Longer paths do not fit the address of a Unix socket (unix(7)). */
const MAX_SOCKET_PATH_BYTES = 100;
const PRIVATE = 0o700;
/** In the folder for which another one was made: which one that is. */
const NOTE = "socket-folder";

/**
 * A folder for the socket `name` into which this user alone can put anything (and root): `folder` itself, whose mode becomes
 * 0700; where it is another user's, or its path too long for a socket, one of a random name among the temporary ones, the
 * same in each run as long as it is there. Throws when there is none that fits.
 */
export async function findSocketFolder(folder: string, name: string): Promise<string> {
  if (fits(folder, name) && isOwn(await lstat(folder))) {
    await chmod(folder, PRIVATE);
    return folder;
  }
  const note = join(folder, NOTE);
  const known = await readFile(note, "utf8").catch(() => "");
  const stats = known === "" ? undefined : await lstat(known).catch(() => undefined);
  // When it was cleared away, anybody may have made one of its name.
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
