import { constants, type FileHandle } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type ChunkIndex, indexChunk } from "../chunk/chunk-index.ts";
import type { StoreFiles } from "../disk/store-files.ts";
import type { ConversionJob } from "../queue/conversion-queue.ts";
import { chunkPath, parseFootageName } from "../store/names.ts";
import type { BufferPool } from "./buffer-pool.ts";
import { BadChunkError } from "./errors.ts";
import type { FileState, IdleWatch } from "./idle-watch.ts";

/** For reading: fails for a symbolic link, and does not wait for a FIFO or device. */
export const READ_NO_LINK = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** A chunk of a minute, open and indexed. */
export interface MinutePart {
  path: string;
  file: FileHandle;
  index: ChunkIndex;
  /** Its state before it was indexed. */
  state: FileState;
}

/** Paths of all chunks of a minute, in the order of their parts. Throws the errors of readdir(2). */
export async function listParts(files: StoreFiles, job: ConversionJob): Promise<string[]> {
  const folder = dirname(chunkPath(job.directory, job.camera, job.minute, 1));
  return (await namesIn(files, folder))
    .map((name) => ({ name, says: parseFootageName(name) }))
    .filter(({ says }) => says?.kind === "chunk" && says.camera === job.camera && says.minute === job.minute)
    .sort((a, b) => (a.says?.part ?? 0) - (b.says?.part ?? 0))
    .map(({ name }) => join(folder, name));
}

/**
 * Opens and indexes all chunks of a minute, in the order of their parts. Throws BadChunkError when one is not a regular
 * file, and the errors of readdir(2), open(2), read(2).
 */
export async function openParts(files: StoreFiles, job: ConversionJob, buffers: BufferPool): Promise<MinutePart[]> {
  const parts: MinutePart[] = [];
  try {
    for (const path of await listParts(files, job)) {
      const part = await openPart(files, path, buffers);
      if (part !== undefined) parts.push(part);
    }
  } catch (error) {
    await closeParts(parts);
    throw error;
  }
  return parts;
}

export async function closeParts(parts: readonly MinutePart[]): Promise<void> {
  await Promise.all(parts.map(({ file }) => file.close()));
}

/**
 * Minimum time that we watch a chunk ourselves. A live recorder writes at least every second; one that was frozen with
 * the whole machine gets this time to continue.
 */
const MIN_WATCHED_MS = 5000;

/**
 * Whether nobody writes to a chunk any more: it has its end block, or it has not grown for `chunkIdleMs` by its
 * modification time, and by our own observation (see IdleWatch).
 */
export function isClosed(part: MinutePart, watch: IdleWatch, chunkIdleMs: number): boolean {
  if (part.index.isClosed) return true;
  const watchedMs = watch.unchangedMs(part.path, part.state);
  if (watchedMs >= chunkIdleMs) return true;
  return watchedMs >= Math.min(MIN_WATCHED_MS, chunkIdleMs) && Date.now() - part.state.mtimeMs >= chunkIdleMs;
}

async function openPart(files: StoreFiles, path: string, buffers: BufferPool): Promise<MinutePart | undefined> {
  let file: FileHandle;
  try {
    file = await files.open(path, READ_NO_LINK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return undefined; // converted in the meantime
    if (code === "ELOOP" || code === "ENXIO") throw new BadChunkError(`${path} is no file`, [path]);
    throw error;
  }
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw new BadChunkError(`${path} is no file`, [path]);
    const { ino, size, mtimeMs } = stats;
    const index = await buffers.lend((buffer) => indexChunk(file, undefined, buffer));
    return { path, file, index, state: { ino, size, mtimeMs } };
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function namesIn(files: StoreFiles, folder: string): Promise<string[]> {
  try {
    return await files.readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}
