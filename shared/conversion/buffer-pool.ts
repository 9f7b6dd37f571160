/** Larger ones cost no less CPU time, and a converter holds dozens while it begins on the minutes of many cameras. */
const BUFFER_BYTES = 1024 * 1024;
const MOST_FREE = 8;

/**
 * Buffers of 1 MB that are used again and again. Each new one is memory outside of V8's heap, by which V8 is driven to
 * collect garbage from the whole heap.
 */
export class BufferPool {
  readonly #free: Buffer[] = [];

  /** Lends a buffer for the time that `work` takes; resolves and rejects as `work` does. */
  async lend<Result>(work: (buffer: Buffer) => Promise<Result>): Promise<Result> {
    const buffer = this.#free.pop() ?? Buffer.allocUnsafeSlow(BUFFER_BYTES);
    const result = await work(buffer);
    if (this.#free.length < MOST_FREE) this.#free.push(buffer);
    return result; // after an error the buffer is given up: a disk that hangs may still write into it
  }
}
