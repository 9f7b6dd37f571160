import { messageOf } from "../../../shared/disk/no-space.ts";
import type { StoreFiles } from "../../../shared/disk/store-files.ts";
import type { Logger } from "../../../shared/logging/logger.ts";
import { type CameraDirectory, rememberCameraDirectory } from "../../../shared/store/directories.ts";

/** Interval between attempts to write to the storage root: its disk may be mounted late. */
const RETRY_MS = 10_000;

/** Writes the list of camera directories in the storage root, in the background. */
export class DirectoryMemory {
  readonly #files: StoreFiles;
  readonly #storageRoot: string;
  readonly #logger: Logger;
  readonly #retryMs: number;
  /** Writes run one after the other, so that a storage root that hangs blocks one thread, not all. */
  #writing: Promise<void> = Promise.resolve();
  #problem: string | undefined;

  constructor(files: StoreFiles, storageRoot: string, logger: Logger, retryMs = RETRY_MS) {
    this.#files = files;
    this.#storageRoot = storageRoot;
    this.#logger = logger;
    this.#retryMs = retryMs;
  }

  /** Remembers a directory, retrying until it succeeds; failures are logged when they begin and when they change. */
  remember(entry: CameraDirectory): void {
    this.#writing = this.#writing.then(() => this.#write(entry));
  }

  /** Why the list cannot be written; empty while it can. */
  problems(): string[] {
    return this.#problem === undefined ? [] : [this.#problem];
  }

  async #write(entry: CameraDirectory): Promise<void> {
    try {
      await rememberCameraDirectory(this.#files, this.#storageRoot, entry);
      this.#problem = undefined;
    } catch (error) {
      const reason = await messageOf(this.#files, error as Error, this.#storageRoot);
      const problem = `the list of camera directories cannot be written: ${reason}: see the storage root`;
      if (problem !== this.#problem) this.#logger.error(problem);
      this.#problem = problem;
      setTimeout(() => this.remember(entry), this.#retryMs).unref();
    }
  }
}
