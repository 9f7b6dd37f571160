const LARGE_BYTES = 1024 * 1024;
const SMALL_BYTES = 64 * 1024;
/** Who has taken so much reads, and does not only fill the kernel's buffers. */
const LARGE_AFTER_BYTES = 8 * 1024 * 1024;
const MOST_SMALL_KEPT = 64;

/**
 * What is read from disk and not yet taken by the client, of all downloads together. Large pieces cost half the CPU of
 * small ones; but every download that stalls keeps one. So large ones are for those that are seen to read, and when many
 * are in use, further ones are small.
 */
export class SendBuffers {
  readonly #mostLarge: number;
  readonly #freeLarge: Buffer[] = [];
  readonly #freeSmall: Buffer[] = [];
  #large = 0;
  #small = 0;

  /** `largeBytes`: how much the large ones may take together. */
  constructor(largeBytes: number) {
    this.#mostLarge = Math.floor(largeBytes / LARGE_BYTES);
  }

  /** What is in use, bytes. */
  get bytes(): number {
    return this.#large * LARGE_BYTES + this.#small * SMALL_BYTES;
  }

  /** A buffer of 64 kB, or of 1 MB for a download of which the client has taken enough, while few of those are in use. */
  take(takenBytes: number): Buffer {
    if (takenBytes < LARGE_AFTER_BYTES || this.#large >= this.#mostLarge) {
      this.#small++;
      return this.#freeSmall.pop() ?? Buffer.allocUnsafeSlow(SMALL_BYTES);
    }
    this.#large++;
    return this.#freeLarge.pop() ?? Buffer.allocUnsafeSlow(LARGE_BYTES);
  }

  /** Gives a buffer back once; it is used anew unless `isStillRead` (a connection that broke may not be done with it). */
  giveBack(buffer: Buffer, isStillRead = false): void {
    const isSmall = buffer.length === SMALL_BYTES;
    if (isSmall) this.#small--;
    else this.#large--;
    const [free, most] = isSmall ? [this.#freeSmall, MOST_SMALL_KEPT] : [this.#freeLarge, 1];
    if (!isStillRead && free.length < most) free.push(buffer);
  }
}
