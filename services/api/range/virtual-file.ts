import type { Response } from "express";
import type { Entity } from "../http/conditional.ts";
import { openRegularFile, STALL_LIMIT_MS } from "../http/send-file.ts";
import { writeBytes, writeFileBytes } from "../http/write-bytes.ts";

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
      "bytes" in piece ? await writeBytes(res, piece.bytes.subarray(from, to)) : await sendPart(res, piece, from, to);
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
    const outcome = await writeFileBytes(res, file.handle, part.start + from, part.start + to);
    if (outcome === "short") throw new FootageChangedError("a minute of the range ends too early");
    return outcome === "sent";
  } finally {
    await file.handle.close();
  }
}
