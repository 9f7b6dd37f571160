import { NotYetError } from "../../shared/conversion/errors.ts";

/** A disk on which a minute is at work for so long is slow. */
const SLOW_MS = 10_000;
const PAUSE_MS = 5000;

export interface DiskSharesOptions {
  /** Tells disks apart; throws DiskHangsError when it cannot. */
  diskOf(folder: string): Promise<string>;
  nowMs?(): number;
}

/**
 * Keeps a slow disk from taking up all jobs that a converter works on at a time: of one on which a minute is at work for ten
 * seconds, half of them are begun at most, and the others put back. Disks that keep up are not bounded.
 */
export class DiskShares {
  readonly #jobs: () => number;
  readonly #diskOf: (folder: string) => Promise<string>;
  readonly #nowMs: () => number;
  /** By disk: when each that is under way was begun, in that order. */
  readonly #begun = new Map<string, Set<{ atMs: number }>>();

  /** @param jobs how many the converter works on at a time */
  constructor(jobs: () => number, { diskOf, nowMs = () => performance.now() }: DiskSharesOptions) {
    this.#jobs = jobs;
    this.#diskOf = diskOf;
    this.#nowMs = nowMs;
  }

  /** Does something on the disk that holds a folder. Throws NotYetError when that is slow and has its share, DiskHangsError, and as `work`. */
  async run<T>(folder: string, work: () => Promise<T>): Promise<T> {
    const disk = await this.#diskOf(folder);
    const begun = this.#begun.get(disk) ?? new Set();
    this.#begun.set(disk, begun);
    const [oldest] = begun;
    const isSlow = oldest !== undefined && this.#nowMs() - oldest.atMs > SLOW_MS;
    if (isSlow && begun.size >= this.#jobs() / 2) {
      throw new NotYetError(`the disk at ${disk} is slow, and has enough to do`, Date.now() + PAUSE_MS);
    }
    const job = { atMs: this.#nowMs() };
    begun.add(job);
    try {
      return await work();
    } finally {
      begun.delete(job);
    }
  }
}
