import type { FileHandle } from "node:fs/promises";
import type { Writable } from "node:stream";
import type { SendBuffers } from "./send-buffers.ts";

/**
 * Writes, and waits until the kernel has taken all of it: then the memory can be reused, and a slow reader holds only
 * one piece. False when the client has disconnected.
 */
export function writeFlushed(res: Writable, bytes: Buffer): Promise<boolean> {
  if (res.destroyed) return Promise.resolve(false);
  return new Promise((resolve) => {
    const onClose = () => resolve(false);
    res.once("close", onClose);
    res.write(bytes, (error) => {
      res.off("close", onClose);
      resolve(!error && !res.destroyed);
    });
  });
}

/**
 * Writes the bytes from `start` to `end` (exclusive) of an open file. Returns "gone" when the client has disconnected,
 * "short" when the file ends too early: then the announced length is wrong, and the caller must close the connection.
 * (The handle's read stream is not used: with `autoClose: false` it prevents the handle from ever being closed.)
 * Throws the errors of read(2).
 */
export async function writeFileBytes(
  res: Writable,
  handle: FileHandle,
  start: number,
  end: number,
  buffers: SendBuffers,
): Promise<"sent" | "gone" | "short"> {
  for (let at = start; at < end; ) {
    const buffer = buffers.take(at - start);
    let isStillRead = false;
    try {
      const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.length, end - at), at);
      if (bytesRead === 0) return "short";
      isStillRead = true;
      if (!(await writeFlushed(res, buffer.subarray(0, bytesRead)))) return "gone";
      isStillRead = false;
      at += bytesRead;
    } finally {
      buffers.giveBack(buffer, isStillRead);
    }
  }
  return "sent";
}
