import pLimit from "p-limit";
import type { StoreFiles } from "../disk/store-files.ts";
import { dayFolder, isDayFolder, parseFootageName } from "../store/names.ts";
import { isOwnFolder } from "../store/own-folder.ts";
import { readdirIfThere } from "./day-index.ts";
import { FolderCache } from "./folder-cache.ts";

/** The day folders of one camera directory. */
interface DayFolders {
  /** YYYYMMDD, ascending. */
  days: readonly string[];
  /**
   * Those of `days` in which footage was seen. A folder that loses all its footage is removed, which makes another
   * list.
   */
  withFootage: Set<string>;
}

/** Number of folders probed at once: enough to keep the thread pool busy, without holding many file handles. */
const PROBES_AT_ONCE = 16;

/**
 * Finds the days of which a camera directory holds footage. This must take milliseconds even for years of footage, so
 * the day folders are not listed: one footage file is enough, and a folder in which one was seen is not searched again.
 */
export class DayFolderList {
  readonly #files: StoreFiles;
  readonly #cache: FolderCache<DayFolders>;

  constructor(files: StoreFiles, capacity: number) {
    this.#files = files;
    this.#cache = new FolderCache(files, capacity, async (directory) => ({
      days: (await readdirIfThere(files, directory)).filter(isDayFolder).sort(),
      withFootage: new Set(),
    }));
  }

  /** The days (YYYYMMDD, ascending) with an mp4 or chunk of the camera. Throws the errors of readdir(3). */
  async daysWithFootage(camera: string, directory: string): Promise<string[]> {
    const folders = await this.#cache.get(directory, camera);
    if (folders === undefined) return [];
    const unknown = folders.days.filter((day) => !folders.withFootage.has(day));
    await pLimit(PROBES_AT_ONCE).map(unknown, async (day) => {
      const folder = dayFolder(directory, day);
      const isOurs =
        (await holdsFootage(this.#files, camera, folder)) && (await isOwnFolder(this.#files, directory, folder));
      if (isOurs) folders.withFootage.add(day);
    });
    return folders.days.filter((day) => folders.withFootage.has(day));
  }
}

async function holdsFootage(files: StoreFiles, camera: string, folder: string): Promise<boolean> {
  try {
    for await (const fileName of files.namesIn(folder)) {
      const name = parseFootageName(fileName);
      if (name?.camera === camera && (name.kind === "mp4" || name.kind === "chunk")) return true;
    }
    return false;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ENOTDIR") return false;
    throw error;
  }
}
