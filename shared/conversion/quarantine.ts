import { basename, dirname, join } from "node:path";
import type { StoreFiles } from "../disk/store-files.ts";
import { makeDirectory, writeAside } from "../store/durable.ts";
import { chunkPath, parseFootageName, quarantineFolder } from "../store/names.ts";
import { isOwnFolder, OutsideError } from "../store/own-folder.ts";

const MAX_PARTS = 1_000_000;

/**
 * Moves a chunk into its camera's quarantine folder, with the reason beside it (`{name}.json`). Nothing there is
 * overwritten: if the name is taken, the chunk gets the next free part number. Returns the chunk's new path. Throws
 * OutsideError, and the errors of link(2), unlink(2) and of writing the reason.
 */
export async function quarantine(
  files: StoreFiles,
  cameraDirectory: string,
  path: string,
  reason: string,
): Promise<string> {
  const folder = quarantineFolder(cameraDirectory);
  if (!(await isOwnFolder(files, cameraDirectory, folder))) throw new OutsideError(folder);
  await makeDirectory(files, folder);
  const kept = await linkUnderFreeName(files, path, folder);
  const note = { reason, from: path, at: new Date().toISOString() };
  await writeAside(files, `${kept}.json`, (file) => file.writeFile(`${JSON.stringify(note, undefined, 2)}\n`));
  await files.syncFolder(folder);
  await files.unlink(path);
  await files.syncFolder(dirname(path));
  return kept;
}

async function linkUnderFreeName(files: StoreFiles, path: string, folder: string): Promise<string> {
  const name = parseFootageName(basename(path));
  if (name === undefined) throw new Error(`${path} is not a chunk`);
  for (let part = name.part; part < MAX_PARTS; part++) {
    const kept = join(folder, basename(chunkPath(folder, name.camera, name.minute, part)));
    try {
      await files.link(path, kept);
      return kept;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
  throw new Error(`${folder}: no free name for ${basename(path)}`);
}
