import { NotYetError } from "../../shared/conversion/errors.ts";

/** A disk is slow when a job on it has been running for longer than this. */
const SLOW_MS = 10_000;
const PAUSE_MS = 5000;

export interface DiskSharesOptions {
  /** Returns an id of the disk that holds a folder; throws DiskHangsError when it cannot be determined. */
  diskOf(folder: string): Promise<string>;
  nowMs?(): number;
}

/**
 * Keeps a slow disk from taking up all jobs that a converter works on at a time: if a job on a disk has been running
 * for more than ten seconds, jobs for that disk may take up at most half of them, and further ones are put back. Disks
 * that keep up are not limited.
 */
export class DiskShares {
  readonly #jobs: () => number;
  readonly #diskOf: (folder: string) => Promise<string>;
  readonly #nowMs: () => number;
  /** By disk: when each running job was begun, in that order. */
  readonly #begun = new Map<string, Set<{ atMs: number }>>();

  /** @param jobs the number of jobs that the converter works on at a time */
  constructor(jobs: () => number, { diskOf, nowMs = () => performance.now() }: DiskSharesOptions) {
    this.#jobs = jobs;
    this.#diskOf = diskOf;
    this.#nowMs = nowMs;
  }

  /**
   * Runs `work` on the disk that holds a folder. Throws NotYetError when that disk is slow and has its share of jobs,
   * DiskHangsError, and what `work` throws.
   */
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
