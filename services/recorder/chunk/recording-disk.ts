import { statfs } from "node:fs/promises";
import pLimit from "p-limit";
import type { Disk } from "../../../shared/disk/disk.ts";
import { type Inodes, inodesOf, isOutOfInodes, OUT_OF_INODES, reservedInodes } from "../../../shared/disk/inodes.ts";

/** Maximum age of a measurement of free space: at 32 MB/s, the rate of 64 cameras, it is off by 32 MB. */
const FRESH_MS = 1000;
/** Minimum interval between two requests for room: the reaper needs some time. */
const ASK_INTERVAL_MS = 3000;

/** Thrown instead of a write that would use space reserved for conversions; looks like the kernel's own ENOSPC. */
export class DiskReserveError extends Error {
  override name = "DiskReserveError";
  readonly code = "ENOSPC";
}

/**
 * One disk that is recorded to. A recorder's frames exist nowhere else, so it waits for the disk without a timeout. One
 * write and two syncs run at a time: the disk's third thread is left to writes, which must not wait for a sync, because
 * they are due a second after their frames came.
 */
export class RecordingDisk {
  readonly disk: Disk;
  readonly #writes = pLimit(1);
  #freeBytes = Number.POSITIVE_INFINITY;
  #inodes: Inodes | undefined;
  #isOutOfInodes = false;
  #lookedMs = Number.NEGATIVE_INFINITY;
  #isLooking = false;
  #askedMs = Number.NEGATIVE_INFINITY;

  constructor(disk: Disk) {
    this.disk = disk;
  }

  /** Runs what mostly needs only the page cache, one at a time: open, write, stat. */
  write<T>(operation: () => Promise<T>): Promise<T> {
    return this.#writes(() => this.disk.runPatiently("change", operation));
  }

  /** Runs what waits for the disk itself: fsync, fdatasync, and a close after them. */
  sync<T>(operation: () => Promise<T>): Promise<T> {
    return this.disk.runPatiently("sync", operation);
  }

  /** As `Disk.syncFolder`; to be called within `sync`. */
  syncFolder(folder: string): Promise<void> {
    return this.disk.syncFolder(folder);
  }

  /**
   * Throws DiskReserveError when less than the reserve is free. Never waits: it uses a measurement up to a second old,
   * and does not throw at first or while the disk does not answer.
   */
  checkRoom(reserveBytes: number): void {
    this.#lookIfStale();
    if (this.#freeBytes >= reserveBytes) return;
    const free = `${Math.floor(this.#freeBytes / 1e6)} of ${Math.ceil(reserveBytes / 1e6)} MB`;
    throw new DiskReserveError(`ENOSPC: the disk is full but for ${free} that are kept for conversions`);
  }

  /** The same for inodes: throws when another file must not be created. Open files may still grow. */
  checkRoomForFile(): void {
    this.#lookIfStale();
    if (this.#inodes === undefined) return;
    const reserved = reservedInodes(this.#inodes);
    if (this.#inodes.free >= reserved) return;
    const last = `the last ${reserved} of ${this.#inodes.total} are kept for conversions`;
    throw new DiskReserveError(`ENOSPC: ${OUT_OF_INODES} (${last})`);
  }

  /** The error to report when creating a file failed: ENOSPC may mean that the inodes ran out. */
  async explain(error: unknown): Promise<unknown> {
    if ((error as NodeJS.ErrnoException).code !== "ENOSPC") return error;
    await this.#look();
    return this.#isOutOfInodes ? new DiskReserveError(`ENOSPC: ${OUT_OF_INODES}`, { cause: error }) : error;
  }

  /** Calls `ask`, unless it was called less than ASK_INTERVAL_MS ago for this disk. */
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
      const stats = await this.write(() => statfs(this.disk.mountPoint));
      this.#freeBytes = stats.bavail * stats.bsize;
      this.#inodes = inodesOf(stats);
      this.#isOutOfInodes = isOutOfInodes(stats);
    } catch {
      this.#freeBytes = Number.POSITIVE_INFINITY; // the write itself will report what is wrong with the disk
      this.#inodes = undefined;
      this.#isOutOfInodes = false;
    } finally {
      this.#lookedMs = performance.now();
      this.#isLooking = false;
    }
  }
}
