import pLimit, { type LimitFunction } from "p-limit";

/** A semaphore for each disk, so that work that waits for a slow disk delays none on the others. */
export class DiskSemaphores {
  readonly #byDisk = new Map<string, LimitFunction>();
  readonly #diskOf: (folder: string) => Promise<string>;
  #limit: number;

  /** @param diskOf returns an id of the disk that holds a folder; throws DiskHangsError when it cannot be determined */
  constructor(limit: number, diskOf: (folder: string) => Promise<string>) {
    this.#limit = limit;
    this.#diskOf = diskOf;
  }

  /** How much work runs on each disk at a time; a lower limit takes effect as running work ends. */
  set limit(limit: number) {
    this.#limit = limit;
    for (const semaphore of this.#byDisk.values()) semaphore.concurrency = limit;
  }

  /** Runs `work` when it is its turn on the disk that holds a folder. Throws what `work` throws, and DiskHangsError. */
  async run<T>(folder: string, work: () => Promise<T>): Promise<T> {
    const disk = await this.#diskOf(folder);
    const semaphore = this.#byDisk.get(disk) ?? pLimit(this.#limit);
    this.#byDisk.set(disk, semaphore);
    return await semaphore(work);
  }
}
