import { randomBytes } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { makeFolders } from "../disk/make-folders.ts";
import type { StoreFiles } from "../disk/store-files.ts";
import { temporaryName } from "./names.ts";

/**
 * Creates a directory with its parents, and makes each new entry durable. Throws as `makeFolders` and `syncFolder` do.
 */
export async function makeDirectory(files: StoreFiles, directory: string): Promise<void> {
  const first = await makeFolders(files, directory);
  if (first === undefined) return;
  for (let made = directory; ; made = dirname(made)) {
    await files.syncFolder(dirname(made));
    if (made === first || dirname(made) === made) return;
  }
}

const LEFT_BEHIND_MS = 3_600_000;

/** Whether a temporary file was left by a writer that died, judged by its age: writing a file aside takes seconds. */
export function isLeftBehind({ mtimeMs }: { mtimeMs: number }, nowMs: number): boolean {
  return nowMs - mtimeMs > LEFT_BEHIND_MS;
}

/**
 * Writes a file that appears under its final name only when it is complete and durable: it is written aside in the same
 * folder, fdatasynced and renamed. The rename becomes durable with the caller's `syncFolder`, so that several files of
 * one folder share one. When `write` or anything else throws, the temporary file is removed and the error passed on.
 */
export async function writeAside(
  files: StoreFiles,
  path: string,
  write: (file: FileHandle) => Promise<void>,
): Promise<void> {
  const temporary = join(dirname(path), temporaryName(basename(path), randomBytes(6).toString("hex")));
  try {
    const file = await files.open(temporary, "wx");
    try {
      await write(file);
      await file.datasync();
    } finally {
      await file.close();
    }
    await files.rename(temporary, path);
  } catch (error) {
    await files.rm(temporary, { force: true });
    throw error;
  }
}
