import { statfs } from "node:fs/promises";
import { dirname } from "node:path";

/** So old an answer may be: at 32 MB/s, the rate of 64 cameras, it is wrong by 32 MB. */
const FRESH_MS = 1000;

interface Look {
  freeBytes: number;
  atMs: number;
  isUnderWay: boolean;
}

/** Thrown in place of a write that would use up what is kept for conversions; looks like the kernel's own ENOSPC. */
export class DiskReserveError extends Error {
  override name = "DiskReserveError";
  readonly code = "ENOSPC";
}

/**
 * Keeps room on every disk for conversions. On a disk that is quite full no mp4 can be written, so no chunk can be
 * removed, and the recorder and the converter would wait for each other for ever: therefore the recorder stops first.
 */
export class DiskReserve {
  readonly #reserveBytes: number;
  readonly #looks = new Map<string, Look>();

  constructor(reserveBytes: number) {
    this.#reserveBytes = reserveBytes;
  }

  /**
   * Throws DiskReserveError when a camera's directory lies on a disk with less free space than the reserve. Never waits: it
   * goes by an answer that is a second old, and by none at first or while the disk does not answer.
   */
  check(directory: string): void {
    const look = this.#looks.get(directory) ?? { freeBytes: Number.POSITIVE_INFINITY, atMs: 0, isUnderWay: false };
    this.#looks.set(directory, look);
    if (!look.isUnderWay && performance.now() - look.atMs >= FRESH_MS) void this.#look(directory, look);
    if (look.freeBytes >= this.#reserveBytes) return;
    const free = `${Math.floor(look.freeBytes / 1e6)} of ${Math.ceil(this.#reserveBytes / 1e6)} MB`;
    throw new DiskReserveError(`ENOSPC: the disk is full but for ${free} that are kept for conversions`);
  }

  async #look(directory: string, look: Look): Promise<void> {
    look.isUnderWay = true;
    try {
      // The directory itself may not be there yet; the first frame's write creates it.
      const { bavail, bsize } = await statfs(directory).catch(() => statfs(dirname(directory)));
      look.freeBytes = bavail * bsize;
    } catch {
      look.freeBytes = Number.POSITIVE_INFINITY; // what is wrong with the disk, the write itself will tell
    } finally {
      look.atMs = performance.now();
      look.isUnderWay = false;
    }
  }
}
