import type { FileHandle } from "node:fs/promises";
import type { Writable } from "node:stream";

/** Read so much at once: 64 kB pieces cost twice the CPU of 1 MB ones. */
const READ_BYTES = 1024 * 1024;

/** Writes, and waits until there is room for more: so a slow reader holds one piece. False when the client has gone. */
export async function writeBytes(res: Writable, bytes: Buffer): Promise<boolean> {
  if (res.destroyed) return false;
  if (res.write(bytes)) return true;
  await new Promise<void>((resolve) => {
    const done = () => {
      res.off("drain", done);
      res.off("close", done);
      resolve();
    };
    res.on("drain", done);
    res.on("close", done);
  });
  return !res.destroyed;
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
  for (let at = start; at < end; ) {
    const length = Math.min(READ_BYTES, end - at);
    const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(length), 0, length, at);
    if (bytesRead === 0) return "short";
    if (!(await writeBytes(res, bytesRead === length ? buffer : buffer.subarray(0, bytesRead)))) return "gone";
    at += bytesRead;
  }
  return "sent";
}
