import { statfs } from "node:fs/promises";
import { type Inodes, inodesOf, isOutOfInodes, OUT_OF_INODES, reservedInodes } from "../../../shared/disk/inodes.ts";
import { Lane } from "../../../shared/disk/lane.ts";

/** So old an answer may be: at 32 MB/s, the rate of 64 cameras, it is wrong by 32 MB. */
const FRESH_MS = 1000;
/** Room is asked for at most so often: the reaper needs a moment. */
const ASK_INTERVAL_MS = 3000;
/** A sync takes long and nobody waits for it; file systems make one of those that come together. */
const SYNCS_AT_ONCE = 2;

/** Thrown in place of a write that would use up what is kept for conversions; looks like the kernel's own ENOSPC. */
export class DiskReserveError extends Error {
  override name = "DiskReserveError";
  readonly code = "ENOSPC";
}

/**
 * One disk that is recorded to: a mount. A disk that hangs (a network share whose server is gone) never answers, and each
 * call that waits for it keeps one of the few threads that all file operations of the process share (libuv's pool). So
 * everything that touches a disk passes its lanes: three threads are the most that one disk can hold.
 */
export class Disk {
  readonly mountPoint: string;
  readonly #writes = new Lane(1);
  readonly #syncs = new Lane(SYNCS_AT_ONCE);
  #freeBytes = Number.POSITIVE_INFINITY;
  #inodes: Inodes | undefined;
  #isOutOfInodes = false;
  #lookedMs = Number.NEGATIVE_INFINITY;
  #isLooking = false;
  #askedMs = Number.NEGATIVE_INFINITY;

  constructor(mountPoint: string) {
    this.mountPoint = mountPoint;
  }

  /** Carries out what mostly needs the page cache alone, one at a time: open, write, stat. */
  write<T>(operation: () => Promise<T>): Promise<T> {
    return this.#writes.run(operation);
  }

  /** Carries out what waits for the disk itself: fsync, fdatasync, and a close behind them. */
  sync<T>(operation: () => Promise<T>): Promise<T> {
    return this.#syncs.run(operation);
  }

  /**
   * Throws DiskReserveError when less than the reserve is free. Never waits: it goes by an answer that is a second old, and
   * by none at first or while the disk does not answer.
   */
  checkRoom(reserveBytes: number): void {
    this.#lookIfStale();
    if (this.#freeBytes >= reserveBytes) return;
    const free = `${Math.floor(this.#freeBytes / 1e6)} of ${Math.ceil(reserveBytes / 1e6)} MB`;
    throw new DiskReserveError(`ENOSPC: the disk is full but for ${free} that are kept for conversions`);
  }

  /** The same of the inodes: throws when none may be taken for another file. What is open may grow on. */
  checkRoomForFile(): void {
    this.#lookIfStale();
    if (this.#inodes === undefined) return;
    const reserved = reservedInodes(this.#inodes);
    if (this.#inodes.free >= reserved) return;
    const last = `the last ${reserved} of ${this.#inodes.total} are kept for conversions`;
    throw new DiskReserveError(`ENOSPC: ${OUT_OF_INODES} (${last})`);
  }

  /** What the operator is told of an error met when a file was made: ENOSPC may be said for want of inodes. */
  async explain(error: unknown): Promise<unknown> {
    if ((error as NodeJS.ErrnoException).code !== "ENOSPC") return error;
    await this.#look();
    return this.#isOutOfInodes ? new DiskReserveError(`ENOSPC: ${OUT_OF_INODES}`, { cause: error }) : error;
  }

  /** Calls `ask`, unless that was done a moment ago for this disk. */
  askForRoom(ask: () => void): void {
    const nowMs = performance.now();
    if (nowMs - this.#askedMs < ASK_INTERVAL_MS) return;
    this.#askedMs = nowMs;
    ask();
  }

  #lookIfStale(): void {
    if (!this.#isLooking && performance.now() - this.#lookedMs >= FRESH_MS) void this.#look();
  }

  async #look(): Promise<void> {
    this.#isLooking = true;
    try {
      const stats = await this.write(() => statfs(this.mountPoint));
      this.#freeBytes = stats.bavail * stats.bsize;
      this.#inodes = inodesOf(stats);
      this.#isOutOfInodes = isOutOfInodes(stats);
    } catch {
      this.#freeBytes = Number.POSITIVE_INFINITY; // what is wrong with the disk, the write itself will tell
      this.#inodes = undefined;
      this.#isOutOfInodes = false;
    } finally {
      this.#lookedMs = performance.now();
      this.#isLooking = false;
    }
  }
}
