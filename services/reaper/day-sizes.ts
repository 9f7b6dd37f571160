import { join } from "node:path";
import type { StoreFiles } from "../../shared/disk/store-files.ts";
import { parseFootageName } from "../../shared/store/names.ts";
import { type Amount, NOTHING, sum } from "./amount.ts";

const BLOCK_BYTES = 512;
/**
 * Coarsest resolution of a folder's modification time: a folder changed more recently may change again without a new
 * one.
 */
const COARSE_MS = 2000;
/** How many files are read by stat(2) at once. */
const BATCH = 8;

interface Folder {
  changedMs: number;
  sizes: ReadonlyMap<string, Amount>;
}

/**
 * The disk usage of the cameras' footage, by day folder. The files of a finished day do not change, so a folder is
 * measured again only when its modification time has changed. Chunks grow without changing it, so a folder that holds
 * one is measured each time.
 */
export class DaySizes {
  readonly #files: StoreFiles;
  readonly #folders = new Map<string, Folder>();

  constructor(files: StoreFiles) {
    this.#files = files;
  }

  /** Disk usage of each camera. Rejects with the errors of the file system; a missing folder counts as empty. */
  async read(folder: string): Promise<ReadonlyMap<string, Amount>> {
    const stats = await this.#files.statFolder(folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return undefined;
      throw error;
    });
    if (stats === undefined) {
      this.#folders.delete(folder);
      return new Map();
    }
    const known = this.#folders.get(folder);
    if (known?.changedMs === stats.mtimeMs) return known.sizes;
    const { sizes, growing } = await measure(this.#files, folder);
    if (!growing && Date.now() - stats.mtimeMs > COARSE_MS) {
      this.#folders.set(folder, { changedMs: stats.mtimeMs, sizes });
    } else {
      this.#folders.delete(folder);
    }
    return sizes;
  }
}

async function measure(files: StoreFiles, folder: string): Promise<{ sizes: Map<string, Amount>; growing: boolean }> {
  const sizes = new Map<string, Amount>();
  let growing = false;
  const names = await files.readdir(folder);
  for (let i = 0; i < names.length; i += BATCH) {
    await Promise.all(
      names.slice(i, i + BATCH).map(async (name) => {
        const footage = parseFootageName(name);
        if (footage === undefined) return;
        growing ||= footage.kind === "chunk";
        const stats = await files.lstat(join(folder, name)).catch(() => undefined);
        if (stats === undefined) return;
        const file = { bytes: stats.blocks * BLOCK_BYTES, inodes: 1 };
        sizes.set(footage.camera, sum(sizes.get(footage.camera) ?? NOTHING, file));
      }),
    );
  }
  return { sizes, growing };
}
