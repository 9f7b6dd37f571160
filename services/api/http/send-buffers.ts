const LARGE_BYTES = 1024 * 1024;
const SMALL_BYTES = 64 * 1024;
/** A client that has taken this much really reads, and does not only fill the kernel's buffers. */
const LARGE_AFTER_BYTES = 8 * 1024 * 1024;
const MAX_SMALL_KEPT = 64;

/**
 * The buffers of all downloads, for data that was read from disk and not yet sent. Large buffers take half the CPU of
 * small ones, but every stalled download keeps one. So only clients that have proved to read get large ones, and only
 * while few of them are in use.
 */
export class SendBuffers {
  readonly #mostLarge: number;
  readonly #freeLarge: Buffer[] = [];
  readonly #freeSmall: Buffer[] = [];
  #large = 0;
  #small = 0;

  /** @param largeBytes maximum size of all large buffers together */
  constructor(largeBytes: number) {
    this.#mostLarge = Math.floor(largeBytes / LARGE_BYTES);
  }

  /** Bytes in use. */
  get bytes(): number {
    return this.#large * LARGE_BYTES + this.#small * SMALL_BYTES;
  }

  /** A buffer of 64 kB, or of 1 MB if the client has taken enough (`takenBytes`) and few of those are in use. */
  take(takenBytes: number): Buffer {
    if (takenBytes < LARGE_AFTER_BYTES || this.#large >= this.#mostLarge) {
      this.#small++;
      return this.#freeSmall.pop() ?? Buffer.allocUnsafeSlow(SMALL_BYTES);
    }
    this.#large++;
    return this.#freeLarge.pop() ?? Buffer.allocUnsafeSlow(LARGE_BYTES);
  }

  /** Returns a buffer, once. It is reused unless `isStillRead`: a broken connection may still read from it. */
  giveBack(buffer: Buffer, isStillRead = false): void {
    const isSmall = buffer.length === SMALL_BYTES;
    if (isSmall) this.#small--;
    else this.#large--;
    const [free, most] = isSmall ? [this.#freeSmall, MAX_SMALL_KEPT] : [this.#freeLarge, 1];
    if (!isStillRead && free.length < most) free.push(buffer);
  }
}
