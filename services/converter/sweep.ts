import { basename, join } from "node:path";
import type { IdleWatch } from "../../shared/conversion/idle-watch.ts";
import type { StoreFiles } from "../../shared/disk/store-files.ts";
import type { ConversionJob } from "../../shared/queue/conversion-queue.ts";
import type { CameraDirectory } from "../../shared/store/directories.ts";
import { isDayFolder, parseFootageName, parseTemporaryName } from "../../shared/store/names.ts";
import { isOwnFolder, OutsideError } from "../../shared/store/own-folder.ts";
import { type Minute, minuteEndUs } from "../../shared/time/minute.ts";
import type { LaterFootage } from "./later-footage.ts";

/** What a sweep found. */
export interface SweepResult {
  /** A job for each minute that is over and has chunks, oldest first. */
  jobs: ConversionJob[];
  /** Chunks of minutes that are over. */
  backlog: number;
  /** Folders that could not be read, and why. */
  unreadable: { path: string; error: Error }[];
}

/**
 * How long a sweep leaves a minute to its recorder, which closes the chunk at the next keyframe and pushes a job
 * itself.
 */
const SETTLE_MS = 10_000;
const STRAY_AGE_MS = 10 * 60_000;
const STRAY_WATCHED_MS = 60_000;
/** A folder changed this recently may change again without a new modification time (its clock's granularity). */
const RACY_MS = 2000;

/**
 * Finds chunks that wait for conversion, since jobs are only hints and the files are what counts. Removes temporary
 * files that a converter left when it died. A day's folder that held neither is not read again until it changes, so a
 * store of months costs one stat(2) a day.
 */
export class Sweep {
  readonly #files: StoreFiles;
  readonly #watch: IdleWatch;
  readonly #later: LaterFootage;
  /** By path: modification time, in ms, of folders in which nothing is to be done. */
  readonly #quiet = new Map<string, number>();

  constructor(files: StoreFiles, watch: IdleWatch, later: LaterFootage) {
    this.#files = files;
    this.#watch = watch;
    this.#later = later;
  }

  /** Looks through all camera directories. Never throws: what cannot be read is part of the result. */
  async run(directories: readonly CameraDirectory[]): Promise<SweepResult> {
    const result: SweepResult = { jobs: [], backlog: 0, unreadable: [] };
    const chunks = new Set<string>();
    for (const { camera, directory } of directories) {
      for (const day of await this.#read(directory, result)) {
        if (isDayFolder(day)) await this.#sweepDay(camera, directory, join(directory, day), result, chunks);
      }
    }
    if (result.unreadable.length === 0) this.#later.keepOnly(chunks);
    result.jobs.sort((a, b) => (a.minute < b.minute ? -1 : a.minute > b.minute ? 1 : 0));
    return result;
  }

  async #sweepDay(
    camera: string,
    directory: string,
    folder: string,
    result: SweepResult,
    chunks: Set<string>,
  ): Promise<void> {
    const before = await this.#files.statFolder(folder).catch(() => undefined);
    if (before === undefined || this.#quiet.get(folder) === before.mtimeMs) return;
    if (!(await isOwnFolder(this.#files, directory, folder).catch(() => true))) {
      result.unreadable.push({ path: folder, error: new OutsideError(folder) });
      return;
    }
    const nowMs = Date.now();
    const minutes = new Set<Minute>();
    let isQuiet = nowMs - before.mtimeMs > RACY_MS;
    for (const name of await this.#read(folder, result)) {
      if (parseTemporaryName(name) !== undefined) {
        await this.#removeStray(join(folder, name));
        isQuiet = false;
      }
      const says = parseFootageName(name);
      if (says?.kind !== "chunk" || says.camera !== camera) continue;
      isQuiet = false;
      if (nowMs < minuteEndUs(says.minute) / 1000 + SETTLE_MS) continue;
      result.backlog++;
      const path = join(folder, name);
      chunks.add(path);
      if (!this.#later.waits(path)) minutes.add(says.minute);
    }
    if (isQuiet) this.#quiet.set(folder, before.mtimeMs);
    else this.#quiet.delete(folder);
    for (const minute of minutes) result.jobs.push({ camera, minute, directory });
  }

  async #removeStray(path: string): Promise<void> {
    const state = await this.#files.stat(path).catch(() => undefined);
    if (state === undefined) return;
    const watchedMs = this.#watch.unchangedMs(path, state);
    if (watchedMs < STRAY_WATCHED_MS || Date.now() - state.mtimeMs < STRAY_AGE_MS) return;
    await this.#files.rm(path, { force: true }).catch(() => {});
  }

  async #read(folder: string, result: SweepResult): Promise<string[]> {
    try {
      return (await this.#files.readdir(folder)).sort();
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== "ENOENT" && !(code === "ENOTDIR" && isDayFolder(basename(folder)))) {
        result.unreadable.push({ path: folder, error: error as Error });
      }
      return [];
    }
  }
}
