/**
 * Larger buffers save no CPU time, and a converter holds dozens of them while it starts on the minutes of many cameras.
 */
const BUFFER_BYTES = 1024 * 1024;
const MAX_FREE = 8;

/**
 * A pool of 1 MB buffers. Each new buffer is memory outside V8's heap, which makes V8 collect garbage from the whole
 * heap.
 */
export class BufferPool {
  readonly #free: Buffer[] = [];

  /** Lends a buffer until `work` is done; resolves and rejects as `work` does. */
  async lend<Result>(work: (buffer: Buffer) => Promise<Result>): Promise<Result> {
    const buffer = this.#free.pop() ?? Buffer.allocUnsafeSlow(BUFFER_BYTES);
    const result = await work(buffer);
    if (this.#free.length < MAX_FREE) this.#free.push(buffer);
    return result; // not after an error: a disk that hangs may still write into the buffer
  }
}
