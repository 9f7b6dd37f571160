import { basename, dirname, join } from "node:path";
import { link, unlink } from "../disk/files.ts";
import { makeDirectory, syncDirectory, writeAside } from "../store/durable.ts";
import { chunkPath, parseFootageName, quarantineFolder } from "../store/names.ts";
import { isOwnFolder, OutsideError } from "../store/own-folder.ts";

const MAX_PARTS = 1_000_000;

/**
 * Moves a chunk out of the way, into its camera's quarantine folder, with the reason beside it (`{name}.json`). Nothing
 * there is ever overwritten: where the name is taken, it becomes a further part. Returns where the chunk is now. Throws
 * OutsideError, and the errors of link(2), unlink(2) and of writing the reason.
 */
export async function quarantine(cameraDirectory: string, path: string, reason: string): Promise<string> {
  const folder = quarantineFolder(cameraDirectory);
  if (!(await isOwnFolder(cameraDirectory, folder))) throw new OutsideError(folder);
  await makeDirectory(folder);
  const kept = await linkUnderFreeName(path, folder);
  const note = { reason, from: path, at: new Date().toISOString() };
  await writeAside(`${kept}.json`, (file) => file.writeFile(`${JSON.stringify(note, undefined, 2)}\n`));
  await syncDirectory(folder);
  await unlink(path);
  await syncDirectory(dirname(path));
  return kept;
}

async function linkUnderFreeName(path: string, folder: string): Promise<string> {
  const name = parseFootageName(basename(path));
  if (name === undefined) throw new Error(`${path} is not a chunk`);
  for (let part = name.part; part < MAX_PARTS; part++) {
    const kept = join(folder, basename(chunkPath(folder, name.camera, name.minute, part)));
    try {
      await link(path, kept);
      return kept;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
  throw new Error(`${folder}: no free name for ${basename(path)}`);
}
