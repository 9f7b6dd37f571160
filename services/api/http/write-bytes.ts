import type { FileHandle } from "node:fs/promises";
import type { Writable } from "node:stream";

/** Read so much at once: 64 kB pieces cost twice the CPU of 1 MB ones. */
const READ_BYTES = 1024 * 1024;

/**
 * Writes, and waits until the kernel has taken all of it: the memory may then be used anew, and a slow reader holds one
 * piece. False when the client has gone.
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
 * Writes the bytes from `start` to `end` (exclusive) of an open file. Answers "gone" when the client has gone, "short"
 * when the file ends too early: then what was promised cannot be kept, and the connection must end. (Not by a stream of
 * the handle's: with `autoClose: false` that keeps the handle from ever being closed.) Throws the errors of read(2).
 */
export async function writeFileBytes(
  res: Writable,
  handle: FileHandle,
  start: number,
  end: number,
): Promise<"sent" | "gone" | "short"> {
  const buffer = Buffer.allocUnsafeSlow(Math.min(READ_BYTES, end - start));
  for (let at = start; at < end; ) {
    const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.length, end - at), at);
    if (bytesRead === 0) return "short";
    if (!(await writeFlushed(res, buffer.subarray(0, bytesRead)))) return "gone";
    at += bytesRead;
  }
  return "sent";
}
