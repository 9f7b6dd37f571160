import { randomBytes } from "node:crypto";
import { type FileHandle, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Calls `use` with a file that holds these bytes, and removes it afterwards. */
export async function withFileOf<T>(bytes: Buffer, use: (file: FileHandle) => Promise<T>): Promise<T> {
  const path = join(tmpdir(), `hindsight-fuzz-${process.pid}-${randomBytes(6).toString("hex")}`);
  const file = await open(path, "wx+");
  try {
    await rm(path);
    await file.write(bytes, 0, bytes.length, 0);
    return await use(file);
  } finally {
    await file.close();
  }
}
