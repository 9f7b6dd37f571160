import { join } from "node:path";
import type { Config, LiveConfig } from "../config/config.ts";
import { DiskAwayError } from "../disk/disk-away-error.ts";
import type { StoreFiles } from "../disk/store-files.ts";
import type { Logger } from "../logging/logger.ts";
import { type CameraDirectory, configuredDirectories, listCameraDirectories } from "../store/directories.ts";
import { CAMERA_LIST_FOLDER } from "../store/names.ts";
import { folderVersion, hasSettled } from "./folder-version.ts";

/** Camera ids in display order, each with its directories, the configured one first. */
export type CameraDirectories = ReadonlyMap<string, readonly string[]>;

interface Known {
  config: Config;
  /** Version of the camera list folder in the storage root. */
  version: string | undefined;
  cameras: CameraDirectories;
  /** performance.now() when the folder was last seen to have this version. */
  seenMs: number;
}

/**
 * How long the list is used unchecked. Every request asks where a camera's footage is, but a directory is added only
 * every few months, mostly by the configuration.
 */
const FRESH_MS = 1000;

/** Every camera that is or was configured, with every directory that holds or held its footage. */
export class KnownCameras {
  readonly #files: StoreFiles;
  readonly #config: LiveConfig;
  readonly #logger: Logger;
  #known: Known | undefined;

  constructor(files: StoreFiles, config: LiveConfig, logger: Logger) {
    this.#files = files;
    this.#config = config;
    this.#logger = logger;
  }

  /** The current list: read again when the list in the storage root, or the configuration, has changed. */
  async list(): Promise<CameraDirectories> {
    try {
      return await this.#read();
    } catch (error) {
      if (!(error instanceof DiskAwayError)) throw error;
      // The root's disk is away, but the cameras' own disks may be present.
      return this.#known?.cameras ?? byCamera(configuredDirectories(this.#config.current.cameras));
    }
  }

  async #read(): Promise<CameraDirectories> {
    const config = this.#config.current;
    const { storage } = config;
    const seenMs = performance.now();
    const remembered = await folderVersion(this.#files, join(storage.root, CAMERA_LIST_FOLDER));
    if (this.#known?.config === config && this.#known.version === remembered?.key) {
      this.#known.seenMs = seenMs;
      return this.#known.cameras;
    }
    const settled = remembered === undefined || hasSettled(remembered, Date.now());
    const found = await listCameraDirectories(
      this.#files,
      storage.root,
      configuredDirectories(this.#config.current.cameras),
      (path, error) => this.#logger.warn("an entry of the list of camera directories cannot be read", { path, error }),
    );
    const known = byCamera(found);
    this.#known = settled ? { config, version: remembered?.key, cameras: known, seenMs } : undefined;
    return known;
  }

  /**
   * The directories of one camera, or undefined when it was never configured. A directory that was added without a
   * change of the configuration is found after a second at most; a camera that is not in the list is looked up at once.
   */
  async directories(camera: string): Promise<readonly string[] | undefined> {
    const known = this.#known;
    if (known?.config === this.#config.current && performance.now() - known.seenMs < FRESH_MS) {
      const directories = known.cameras.get(camera);
      if (directories !== undefined) return directories;
    }
    return (await this.list()).get(camera);
  }
}

function byCamera(entries: readonly CameraDirectory[]): CameraDirectories {
  const cameras = new Map<string, string[]>();
  for (const { camera, directory } of entries) {
    const directories = cameras.get(camera);
    if (directories === undefined) cameras.set(camera, [directory]);
    else directories.push(directory);
  }
  return cameras;
}
