import { randomBytes } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { open, rename, rm, syncFolder } from "../disk/files.ts";
import { makeFolders } from "../disk/make-folders.ts";
import { temporaryName } from "./names.ts";

/**
 * Makes the entries of a directory (files created, renamed or removed in it) survive a power loss, as far as its file system
 * can do that: see `syncFolder`. Throws the errors of open(2) and fsync(2).
 */
export async function syncDirectory(directory: string): Promise<void> {
  await syncFolder(directory);
}

/** Creates a directory with its parents, each new entry durable in its parent. Throws as `makeFolders` and `syncDirectory` do. */
export async function makeDirectory(directory: string): Promise<void> {
  const first = await makeFolders(directory);
  if (first === undefined) return;
  for (let made = directory; ; made = dirname(made)) {
    await syncDirectory(dirname(made));
    if (made === first || dirname(made) === made) return;
  }
}

/**
 * Writes a file that appears under its final name only when it is whole and durable: written aside in the same folder,
 * fdatasync, rename. The rename itself becomes durable with the caller's `syncDirectory`, so that several files of one
 * folder share one. When `write` or anything else throws, the temporary file is removed and the error passed on.
 */
export async function writeAside(path: string, write: (file: FileHandle) => Promise<void>): Promise<void> {
  const temporary = join(dirname(path), temporaryName(basename(path), randomBytes(6).toString("hex")));
  try {
    const file = await open(temporary, "wx");
    try {
      await write(file);
      await file.datasync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
