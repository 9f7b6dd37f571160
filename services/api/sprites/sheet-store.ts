import type { Dirent, Stats } from "node:fs";
import { dirname, join } from "node:path";
import type { LiveConfig } from "../../../shared/config/config.ts";
import type { StoreFiles } from "../../../shared/disk/store-files.ts";
import type { Logger } from "../../../shared/logging/logger.ts";
import { isLeftBehind, makeDirectory, writeAside } from "../../../shared/store/durable.ts";
import { parseTemporaryName, SPRITES_FOLDER, spriteSheetPath } from "../../../shared/store/names.ts";
import { removeSpriteSheets } from "../../../shared/store/sprite-sheet.ts";
import { keyOfJpeg, withKey } from "./keyed-jpeg.ts";
import type { CameraHour } from "./sheet-name.ts";

export interface SheetStoreParts {
  files: StoreFiles;
  config: LiveConfig;
  logger: Logger;
  /** Maximum size of all sheets together; 512 MiB unless given. */
  maxBytes?: number;
}

const MAX_BYTES = 512 * 1024 * 1024;
/** Above the limit, the oldest sheets are removed until this part of it is used. */
const TRIMMED_TO = 0.9;
/** The folder is read again once this part of the limit has been written, since other processes write, too. */
const LOOK_AFTER = 1 / 16;

/** Sprite sheets on disk. All of them can be made again: errors of the disk are logged, and requests still succeed. */
export class SheetStore {
  readonly #files: StoreFiles;
  readonly #config: LiveConfig;
  readonly #logger: Logger;
  readonly #maxBytes: number;
  #writtenBytes = Number.POSITIVE_INFINITY;
  #trimming: Promise<void> | undefined;
  #isBroken = false;

  constructor({ files, config, logger, maxBytes = MAX_BYTES }: SheetStoreParts) {
    this.#files = files;
    this.#config = config;
    this.#logger = logger;
    this.#maxBytes = maxBytes;
  }

  /** The sheet with this key, or undefined. Never rejects. */
  async read(which: CameraHour, key: string): Promise<Buffer | undefined> {
    const jpeg = await this.#files.readFile(this.#path(which)).catch(() => undefined);
    return jpeg !== undefined && keyOfJpeg(jpeg) === key ? jpeg : undefined;
  }

  /** Writes a sheet, replacing an earlier one, and returns it with its key. Never rejects. */
  async write(which: CameraHour, sheet: Buffer, key: string): Promise<Buffer> {
    const jpeg = withKey(sheet, key);
    const path = this.#path(which);
    try {
      await makeDirectory(this.#files, dirname(path));
      await writeAside(this.#files, path, (file) => file.writeFile(jpeg));
      this.#isBroken = false;
      this.#writtenBytes += jpeg.length;
      if (this.#writtenBytes >= this.#maxBytes * LOOK_AFTER) await this.#trim();
    } catch (error) {
      if (!this.#isBroken) this.#logger.warn("sprite sheets cannot be kept, and are made for each request", { error });
      this.#isBroken = true;
    }
    return jpeg;
  }

  /** Removes the sheets of an hour, of all layouts. Never rejects. */
  async drop({ camera, hour }: CameraHour): Promise<void> {
    await removeSpriteSheets(this.#files, this.#config.current.storage.root, camera, `${hour}00`).catch(
      (error: unknown) =>
        this.#logger.warn("a sprite sheet of deleted footage cannot be removed", { camera, hour, error }),
    );
  }

  #path({ camera, hour }: CameraHour): string {
    return spriteSheetPath(this.#config.current.storage.root, camera, hour);
  }

  #trim(): Promise<void> {
    this.#trimming ??= this.#removeOldest().finally(() => {
      this.#trimming = undefined;
    });
    return this.#trimming;
  }

  async #removeOldest(): Promise<void> {
    this.#writtenBytes = 0;
    const files = await filesIn(this.#files, join(this.#config.current.storage.root, SPRITES_FOLDER));
    files.sort((a, b) => a.stats.mtimeMs - b.stats.mtimeMs);
    let bytes = files.reduce((sum, { stats }) => sum + stats.size, 0);
    const goal = bytes > this.#maxBytes ? this.#maxBytes * TRIMMED_TO : bytes;
    for (const { path, name, stats } of files) {
      const isTemporary = parseTemporaryName(name) !== undefined;
      if (isTemporary ? !isLeftBehind(stats, Date.now()) : bytes <= goal) continue;
      await this.#files.rm(path, { force: true });
      bytes -= stats.size;
    }
  }
}

async function filesIn(
  storeFiles: StoreFiles,
  folder: string,
): Promise<{ path: string; name: string; stats: Stats }[]> {
  const entries: Dirent[] = await storeFiles.readdir(folder, { recursive: true, withFileTypes: true });
  const files = await Promise.all(
    entries.map(async (entry) => {
      const path = join(entry.parentPath, entry.name);
      const stats = entry.isFile() ? await storeFiles.stat(path).catch(() => undefined) : undefined;
      return stats === undefined ? [] : [{ path, name: entry.name, stats }];
    }),
  );
  return files.flat();
}
