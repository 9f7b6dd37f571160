import { join } from "node:path";
import type { StoreFiles } from "../disk/store-files.ts";
import { hourOf, type Minute } from "../time/minute.ts";
import { parseSpriteSheetName, spriteSheetFolder } from "./names.ts";

/**
 * Removes the sprite sheets that show a minute, including those of other versions of Hindsight: whoever removes footage
 * also removes its pictures. Not an error when there are none; throws the other errors of readdir(3) and unlink(2).
 */
export async function removeSpriteSheets(
  files: StoreFiles,
  storageRoot: string,
  camera: string,
  minute: Minute,
): Promise<void> {
  const hour = hourOf(minute);
  const folder = spriteSheetFolder(storageRoot, hour);
  let isAnyRemoved = false;
  for (const name of await unlessMissing(files.readdir(folder), [])) {
    const sheet = parseSpriteSheetName(name);
    if (sheet?.camera !== camera || sheet.hour !== hour) continue;
    await unlessMissing(files.unlink(join(folder, name)), undefined);
    isAnyRemoved = true;
  }
  if (isAnyRemoved) await files.rmdir(folder).catch(() => {}); // it may still hold sheets
}

async function unlessMissing<Result>(result: Promise<Result>, otherwise: Result): Promise<Result> {
  try {
    return await result;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return otherwise;
    throw error;
  }
}
