import { once } from "node:events";
import type { FileHandle } from "node:fs/promises";
import type { Response } from "express";
import type { Entity } from "../http/conditional.ts";
import { openRegularFile, STALL_LIMIT_MS } from "../http/send-file.ts";

/** A run of bytes of the virtual file: in memory, or a part of a file on disk. */
export type Piece = { bytes: Buffer } | { path: string; etag: string; start: number; length: number };

/** A file that is not on disk: some bytes that were made, and parts of files that are. */
export interface VirtualFile {
  entity: Entity;
  pieces: Piece[];
}

/** A part on disk is no longer what it was when the virtual file was laid out: the answer ends rather than be wrong. */
export class FootageChangedError extends Error {
  override name = "FootageChangedError";
}

/** Read so much at once: small reads cost twice the CPU. */
const READ_BYTES = 1024 * 1024;

/**
 * Sends the bytes from `start` to `end` (exclusive) and ends the answer; resolves early when the client has gone. Holds one
 * buffer and one open file at a time. Throws FootageChangedError, and the errors of open(2) and read(2).
 */
export async function sendVirtualFile(res: Response, file: VirtualFile, start: number, end: number): Promise<void> {
  res.setTimeout(STALL_LIMIT_MS, () => res.destroy());
  let position = 0;
  for (const piece of file.pieces) {
    const length = "bytes" in piece ? piece.bytes.length : piece.length;
    const from = Math.max(start - position, 0);
    const to = Math.min(end - position, length);
    position += length;
    if (from >= to) continue;
    const sent =
      "bytes" in piece ? await write(res, piece.bytes.subarray(from, to)) : await sendPart(res, piece, from, to);
    if (!sent) return;
  }
  res.end();
}

async function sendPart(
  res: Response,
  part: Exclude<Piece, { bytes: Buffer }>,
  from: number,
  to: number,
): Promise<boolean> {
  const file = await openRegularFile(part.path);
  if (file === undefined) throw new FootageChangedError("a minute of the range was deleted");
  try {
    if (file.entity.etag !== part.etag)
      throw new FootageChangedError("a minute of the range was merged with a late part");
    for (let at = from; at < to; at += READ_BYTES) {
      const bytes = await readFully(file.handle, part.start + at, Math.min(READ_BYTES, to - at));
      if (!(await write(res, bytes))) return false;
    }
    return true;
  } finally {
    await file.handle.close();
  }
}

async function readFully(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length);
  for (let filled = 0; filled < length; ) {
    const { bytesRead } = await handle.read(bytes, filled, length - filled, position + filled);
    if (bytesRead === 0) throw new FootageChangedError("a minute of the range ends too early");
    filled += bytesRead;
  }
  return bytes;
}

/** Writes and waits until there is room for more. False when the client has gone. */
async function write(res: Response, bytes: Buffer): Promise<boolean> {
  if (res.destroyed) return false;
  if (res.write(bytes)) return true;
  await Promise.race([once(res, "drain"), once(res, "close")]);
  return !res.destroyed;
}
