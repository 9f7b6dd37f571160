import { createHash } from "node:crypto";
import { join, resolve } from "node:path";
import type { StoreFiles } from "../disk/store-files.ts";
import { makeDirectory, writeAside } from "./durable.ts";
import { CAMERA_ID_PATTERN, CAMERA_LIST_FOLDER } from "./names.ts";

/** A camera and a directory that holds, or held, its footage. */
export interface CameraDirectory {
  camera: string;
  directory: string;
}

/** The cameras of a configuration, each with its directory. */
export function configuredDirectories(
  cameras: ReadonlyMap<string, { id: string; directory: string }>,
): CameraDirectory[] {
  return Array.from(cameras.values(), ({ id, directory }) => ({ camera: id, directory }));
}

/**
 * Remembers in `{storage root}/.cameras` every directory that a camera was ever recorded into, so that footage is found
 * after the camera was removed from the configuration or moved to another disk. There is one small file for each pair,
 * so that services that write at the same time cannot overwrite one another's. Throws TypeError when the camera's id is
 * not valid.
 */
export async function rememberCameraDirectory(
  files: StoreFiles,
  storageRoot: string,
  entry: CameraDirectory,
): Promise<void> {
  if (!CAMERA_ID_PATTERN.test(entry.camera)) throw new TypeError(`"${entry.camera}" is no camera id`);
  const directory = resolve(entry.directory);
  const folder = join(storageRoot, CAMERA_LIST_FOLDER);
  const hash = createHash("sha256").update(directory).digest("hex").slice(0, 12);
  const path = join(folder, `${entry.camera}.${hash}.json`);
  if ((await files.stat(path).catch(() => undefined)) !== undefined) return;
  await makeDirectory(files, folder);
  const text = `${JSON.stringify({ camera: entry.camera, directory })}\n`;
  await writeAside(files, path, (file) => file.writeFile(text));
  await files.syncFolder(folder);
}

/**
 * Every directory that ever held footage: the remembered ones and those of `configured`, each pair once, configured
 * ones first. Entries that cannot be read are passed to `onUnreadable`, never silently dropped.
 */
export async function listCameraDirectories(
  files: StoreFiles,
  storageRoot: string,
  configured: Iterable<CameraDirectory>,
  onUnreadable: (path: string, error: unknown) => void = () => {},
): Promise<CameraDirectory[]> {
  const found = new Map<string, CameraDirectory>();
  const add = (entry: CameraDirectory) => {
    const directory = resolve(entry.directory);
    const key = `${entry.camera}\n${directory}`;
    if (!found.has(key)) found.set(key, { camera: entry.camera, directory });
  };
  for (const entry of configured) add(entry);
  const folder = join(storageRoot, CAMERA_LIST_FOLDER);
  for (const name of (await readdirIfThere(files, folder)).sort()) {
    if (name.startsWith(".")) continue;
    try {
      add(parseEntry(await files.readFile(join(folder, name), "utf8")));
    } catch (error) {
      onUnreadable(join(folder, name), error);
    }
  }
  return [...found.values()];
}

async function readdirIfThere(files: StoreFiles, folder: string): Promise<string[]> {
  try {
    return await files.readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

function parseEntry(text: string): CameraDirectory {
  const value: unknown = JSON.parse(text);
  if (typeof value !== "object" || value === null) throw new Error("not a JSON object");
  const { camera, directory } = value as Partial<CameraDirectory>;
  if (typeof camera !== "string" || !CAMERA_ID_PATTERN.test(camera)) throw new Error("no valid camera id in it");
  if (typeof directory !== "string") throw new Error("no directory in it");
  return { camera, directory };
}
