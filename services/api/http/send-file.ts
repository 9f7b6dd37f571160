import { constants, fstatSync } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import type { Request, Response } from "express";
import type { FileIdentity } from "../../../shared/disk/head-thread.ts";
import type { StoreFiles } from "../../../shared/disk/store-files.ts";
import { decideAnswer, type Entity } from "./conditional.ts";
import { Problem } from "./problem.ts";
import type { SendBuffers } from "./send-buffers.ts";
import { writeFileBytes } from "./write-bytes.ts";

/** An open regular file: its metadata and its bytes come from the same inode, whatever happens to its name. */
export interface OpenFile {
  handle: FileHandle;
  entity: Entity;
}

export interface SendFileOptions {
  /** Content-Type. */
  type: string;
  /** The file name in Content-Disposition; must be a token or safe in quotes. */
  fileName: string;
  /** Whether the browser should save it rather than show it. */
  download: boolean;
  /** Cache-Control, where it does not follow from the age of the file. */
  cacheControl?: string;
}

const LONGEST_MAX_AGE_S = 86_400;
/** Files up to this size, mostly thumbnails, are read and sent in one piece. */
const SMALL_BYTES = 64 * 1024;

/**
 * Opens a regular file for reading; returns undefined when there is none of that name. A symbolic link is not
 * followed, and a FIFO or device is neither waited for nor read. Throws the errors of open(2) other than ENOENT,
 * ENOTDIR, ELOOP and ENXIO.
 */
export async function openRegularFile(files: StoreFiles, path: string): Promise<OpenFile | undefined> {
  let handle: FileHandle;
  try {
    handle = await files.open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ENOTDIR" || code === "ELOOP" || code === "ENXIO") return undefined;
    throw error;
  }
  try {
    // Synchronous: the file is open, so the kernel has its inode in memory.
    const stats = fstatSync(handle.fd, { bigint: true });
    if (stats.isFile()) return { handle, entity: fileEntity(stats) };
  } catch (error) {
    await handle.close();
    throw error;
  }
  await handle.close();
  return undefined;
}

/**
 * Answers a GET or HEAD with an open file: preconditions, byte range, caching. Closes the file. Resolves when the
 * answer was sent or the client has disconnected; throws Problem 412 or 416, or the errors of read(2).
 */
export async function sendFile(
  req: Request,
  res: Response,
  file: OpenFile,
  options: SendFileOptions,
  buffers: SendBuffers,
): Promise<void> {
  try {
    const { handle, entity } = file;
    await sendEntity(req, res, entity, options, (start, end) => sendBytes(res, handle, start, end, buffers));
  } finally {
    await file.handle.close();
  }
}

/**
 * Answers a GET or HEAD with an entity that `send` can send any range of: it is called with the wanted bytes, and must
 * end the answer. Throws Problem 412 or 416, or what `send` threw.
 */
export async function sendEntity(
  req: Request,
  res: Response,
  entity: Entity,
  options: SendFileOptions,
  send: (start: number, end: number) => Promise<void>,
): Promise<void> {
  const { lastModifiedMs } = entity;
  if (lastModifiedMs !== undefined) res.set("Last-Modified", new Date(lastModifiedMs).toUTCString());
  res.set({
    ETag: entity.etag,
    "Cache-Control":
      options.cacheControl ??
      (lastModifiedMs === undefined ? "private, no-cache" : cacheControl(lastModifiedMs, Date.now())),
    "Accept-Ranges": "bytes",
    "Content-Type": options.type,
    "Content-Disposition": `${options.download ? "attachment" : "inline"}; filename="${options.fileName}"`,
  });
  const answer = decideAnswer(req.method, req.headers, entity);
  if (answer.status === 412) {
    throw new Problem("precondition-failed", 412, "The file is another one than the request's condition names.");
  }
  if (answer.status === 416) {
    const detail = `The file has ${entity.length} bytes; the range lies past its end.`;
    throw new Problem("range-not-satisfiable", 416, detail, { "Content-Range": `bytes */${entity.length}` });
  }
  res.status(answer.status);
  if (answer.status === 304) {
    res.removeHeader("Content-Type");
    res.end();
    return;
  }
  if (answer.status === 206) res.set("Content-Range", `bytes ${answer.start}-${answer.end - 1}/${entity.length}`);
  res.set("Content-Length", String(answer.end - answer.start));
  if (req.method === "HEAD" || answer.end === answer.start) {
    res.end();
    return;
  }
  await send(answer.start, answer.end);
}

async function sendBytes(
  res: Response,
  handle: FileHandle,
  start: number,
  end: number,
  buffers: SendBuffers,
): Promise<void> {
  if (end - start <= SMALL_BYTES) {
    const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(end - start), 0, end - start, start);
    if (bytesRead === end - start)
      res.end(buffer); // together with the head, in one system call
    else res.destroy();
    return;
  }
  const outcome = await writeFileBytes(res, handle, start, end, buffers);
  if (outcome === "sent") res.end();
  else res.destroy(); // a file that ends too early must not leave the client waiting for the rest
}

/**
 * Footage changes only when a late part is merged into its minute, if at all soon after it was made. So it may be
 * cached for a tenth of its age (the heuristic of RFC 9111 §4.2.2), a day at most: a minute that was just converted is
 * requested again after seconds, one of last week only once. `private`: shared caches must not store surveillance
 * pictures.
 */
export function cacheControl(lastModifiedMs: number, nowMs: number): string {
  const ageS = Math.max(0, (nowMs - lastModifiedMs) / 1000);
  return `private, max-age=${Math.min(LONGEST_MAX_AGE_S, Math.floor(ageS / 10))}, must-revalidate`;
}

/** Files are only replaced by renaming another over them, which has another inode and another time in nanoseconds. */
export function fileEntity(stats: FileIdentity): Entity {
  return {
    length: Number(stats.size),
    etag: `"${stats.ino.toString(36)}-${stats.size.toString(36)}-${stats.mtimeNs.toString(36)}"`,
    lastModifiedMs: Number(stats.mtimeNs / 1_000_000n),
  };
}
