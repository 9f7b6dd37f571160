import { join } from "node:path";
import type { LiveConfig } from "../../../shared/config/config.ts";
import type { Logger } from "../../../shared/logging/logger.ts";
import { type CameraDirectory, listCameraDirectories } from "../../../shared/store/directories.ts";
import { CAMERA_LIST_FOLDER } from "../../../shared/store/names.ts";
import { folderVersion, hasSettled } from "./folder-version.ts";

/** Camera ids in the order in which they are shown, each with its directories, the configured one first. */
export type CameraDirectories = ReadonlyMap<string, readonly string[]>;

interface Known {
  key: string;
  cameras: CameraDirectories;
}

/** Every camera that is or ever was configured, with every directory that holds or held its footage. */
export class KnownCameras {
  readonly #config: LiveConfig;
  readonly #logger: Logger;
  #known: Known | undefined;

  constructor(config: LiveConfig, logger: Logger) {
    this.#config = config;
    this.#logger = logger;
  }

  /** As of now: the list in the storage root is read again when it, or the configuration, has changed. */
  async list(): Promise<CameraDirectories> {
    const { storage, cameras } = this.#config.current;
    const configured: CameraDirectory[] = [];
    for (const camera of cameras.values()) configured.push({ camera: camera.id, directory: camera.directory });
    const remembered = await folderVersion(join(storage.root, CAMERA_LIST_FOLDER));
    const key = JSON.stringify([storage.root, configured, remembered?.key]);
    if (this.#known?.key === key) return this.#known.cameras;
    const settled = remembered === undefined || hasSettled(remembered, Date.now());
    const found = await listCameraDirectories(storage.root, configured, (path, error) =>
      this.#logger.warn("an entry of the list of camera directories cannot be read", { path, error }),
    );
    const known = byCamera(found);
    this.#known = settled ? { key, cameras: known } : undefined;
    return known;
  }

  /** The directories of one camera, or undefined when it was never configured. */
  async directories(camera: string): Promise<readonly string[] | undefined> {
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
