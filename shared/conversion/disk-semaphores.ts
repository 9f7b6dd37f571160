import pLimit, { type LimitFunction } from "p-limit";

/** A semaphore for each disk: what waits for a slow one holds up nothing on the others. */
export class DiskSemaphores {
  readonly #byDisk = new Map<string, LimitFunction>();
  readonly #diskOf: (folder: string) => Promise<string>;
  #limit: number;

  /** @param diskOf tells disks apart; throws DiskHangsError when it cannot */
  constructor(limit: number, diskOf: (folder: string) => Promise<string>) {
    this.#limit = limit;
    this.#diskOf = diskOf;
  }

  /** How many things are done on each disk at a time; a lower limit takes effect as what is under way ends. */
  set limit(limit: number) {
    this.#limit = limit;
    for (const semaphore of this.#byDisk.values()) semaphore.concurrency = limit;
  }

  /** Does something on the disk that holds a folder, when it is its turn. Throws as `work` does, and DiskHangsError. */
  async run<T>(folder: string, work: () => Promise<T>): Promise<T> {
    const disk = await this.#diskOf(folder);
    const semaphore = this.#byDisk.get(disk) ?? pLimit(this.#limit);
    this.#byDisk.set(disk, semaphore);
    return await semaphore(work);
  }
}
