import type { LiveConfig } from "../config/config.ts";
import type { StoreFiles } from "../disk/store-files.ts";
import type { Logger } from "../logging/logger.ts";
import { dayFolder, parseFootageName, quarantineFolder } from "../store/names.ts";
import type { Minute } from "../time/minute.ts";
import { DayFolderList } from "./day-folders.ts";
import { type DayIndex, readDay, readdirIfThere } from "./day-index.ts";
import { FolderCache } from "./folder-cache.ts";
import { type CameraDirectories, KnownCameras } from "./known-cameras.ts";

/** 32 cameras for four months, at 1.5 kB per day, or 13 kB where the sizes were asked for. */
const DAYS_KEPT = 4096;
const DIRECTORIES_KEPT = 1024;

/**
 * Finds the existing footage. It is read from the directories and cached only until they change, so it can never
 * disagree with them. Everything in the api that looks for footage uses this class.
 */
export class Catalog {
  readonly #known: KnownCameras;
  readonly #days: FolderCache<DayIndex>;
  readonly #dayFolders: DayFolderList;
  readonly #quarantined: FolderCache<readonly Minute[]>;

  constructor(files: StoreFiles, config: LiveConfig, logger: Logger) {
    this.#known = new KnownCameras(files, config, logger);
    this.#dayFolders = new DayFolderList(files, DIRECTORIES_KEPT);
    this.#days = new FolderCache(files, DAYS_KEPT, (folder, owner) => {
      const [camera, directory] = owner.split("\n", 2) as [string, string];
      return readDay(files, camera, directory, folder);
    });
    this.#quarantined = new FolderCache(files, DIRECTORIES_KEPT, async (folder, camera) => {
      const names = (await readdirIfThere(files, folder)).map(parseFootageName);
      return names.flatMap((name) => (name?.camera === camera && name.kind === "chunk" ? [name.minute] : [])).sort();
    });
  }

  /** How often a folder had to be read because it was not cached or had changed. */
  get folderReads(): number {
    return this.#days.reads + this.#quarantined.reads;
  }

  /** Every camera that is or was configured, with its directories, the configured one first. */
  cameras(): Promise<CameraDirectories> {
    return this.#known.list();
  }

  /** The directories of one camera, or undefined when it was never configured. */
  directories(camera: string): Promise<readonly string[] | undefined> {
    return this.#known.directories(camera);
  }

  /**
   * What each directory of the camera holds of a day (YYYYMMDD), the configured directory first; directories without
   * that day are left out. Throws the errors of readdir(3) and stat(2): a disk that cannot be read must not look like a
   * day without footage.
   */
  async day(camera: string, day: string): Promise<DayIndex[]> {
    const directories = (await this.directories(camera)) ?? [];
    const found = await Promise.all(
      directories.map((directory) => this.#days.get(dayFolder(directory, day), `${camera}\n${directory}`)),
    );
    return found.filter((index) => index !== undefined);
  }

  /** The days (YYYYMMDD, ascending) that have footage, converted or not. Throws the errors of readdir(3). */
  async daysWithFootage(camera: string): Promise<string[]> {
    const directories = (await this.directories(camera)) ?? [];
    const found = await Promise.all(
      directories.map((directory) => this.#dayFolders.daysWithFootage(camera, directory)),
    );
    return [...new Set(found.flat())].sort();
  }

  /** The minutes of the chunks in the camera's quarantine folders, ascending, one element for each chunk. */
  async quarantined(camera: string): Promise<Minute[]> {
    const directories = (await this.directories(camera)) ?? [];
    const found = await Promise.all(
      directories.map((directory) => this.#quarantined.get(quarantineFolder(directory), camera)),
    );
    return found.flatMap((minutes) => minutes ?? []).sort();
  }
}
