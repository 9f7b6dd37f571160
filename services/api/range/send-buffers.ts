const LARGE_BYTES = 1024 * 1024;
const SMALL_BYTES = 64 * 1024;

/**
 * What is read from disk and not yet taken by the client, of all downloads together. Large pieces cost half the CPU of
 * small ones; but every download that stalls keeps one, so when many are in use, further ones are small.
 */
export class SendBuffers {
  readonly #mostLarge: number;
  readonly #free: Buffer[] = [];
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

  /** A buffer of 1 MB, or of 64 kB while too many of those are in use. */
  take(): Buffer {
    if (this.#large >= this.#mostLarge) {
      this.#small++;
      return Buffer.allocUnsafeSlow(SMALL_BYTES);
    }
    this.#large++;
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(LARGE_BYTES);
  }

  /** Gives a buffer back once; it is used anew unless `isStillRead` (a connection that broke may not be done with it). */
  giveBack(buffer: Buffer, isStillRead = false): void {
    if (buffer.length === SMALL_BYTES) this.#small--;
    else this.#large--;
    if (buffer.length === LARGE_BYTES && !isStillRead && this.#free.length === 0) this.#free.push(buffer);
  }
}
