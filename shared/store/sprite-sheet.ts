import { dirname } from "node:path";
import { rmdir, unlink } from "../disk/files.ts";
import { hourOf, type Minute } from "../time/minute.ts";
import { spriteSheetPath } from "./names.ts";

/**
 * Removes the sprite sheet in which a minute is shown: whoever removes footage removes its pictures. None is no error; throws
 * the other errors of unlink(2).
 */
export async function removeSpriteSheet(storageRoot: string, camera: string, minute: Minute): Promise<void> {
  const path = spriteSheetPath(storageRoot, camera, hourOf(minute));
  try {
    await unlink(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return;
    throw error;
  }
  await rmdir(dirname(path)).catch(() => {}); // it holds sheets still
}
