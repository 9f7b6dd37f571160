import { IS_LITTLE_ENDIAN } from "../../../shared/mp4/box.ts";

const BLOCK_BYTES = 64 * 1024;

/** Unsigned 32-bit big-endian numbers, as many as come; millions of them without ever being copied. */
export class Uint32List {
  readonly #full: Buffer[] = [];
  #block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  #view = new DataView(this.#block.buffer);
  #used = 0;

  /** Adds a number; a negative one as two's complement. */
  push(value: number): void {
    if (this.#used === BLOCK_BYTES) this.#nextBlock();
    this.#view.setUint32(this.#used, value);
    this.#used += 4;
  }

  /** Adds many numbers, much faster than one at a time. */
  pushAll(numbers: Uint32Array): void {
    const bytes = Buffer.from(numbers.buffer, numbers.byteOffset, numbers.byteLength);
    for (let at = 0; at < bytes.length; ) {
      if (this.#used === BLOCK_BYTES) this.#nextBlock();
      const copied = bytes.copy(this.#block, this.#used, at);
      if (IS_LITTLE_ENDIAN) this.#block.subarray(this.#used, this.#used + copied).swap32();
      this.#used += copied;
      at += copied;
    }
  }

  /** How many numbers there are. */
  get length(): number {
    return (this.#full.length * BLOCK_BYTES + this.#used) / 4;
  }

  /** Adds to every second number, from the second on. */
  addToSeconds(value: number): void {
    for (const bytes of this.parts()) {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      for (let at = 4; at < bytes.length; at += 8) view.setInt32(at, view.getInt32(at) + value);
    }
  }

  /** The bytes of all numbers, in parts that follow one another. */
  parts(): Buffer[] {
    return [...this.#full, this.#block.subarray(0, this.#used)];
  }

  #nextBlock(): void {
    this.#full.push(this.#block);
    this.#block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
    this.#view = new DataView(this.#block.buffer);
    this.#used = 0;
  }
}

/** Run-length pairs (count, value), as `stts` and `ctts` have them. */
export class RunList {
  readonly #pairs = new Uint32List();
  #count = 0;
  #value = 0;

  push(value: number, count = 1): void {
    if (count === 0) return;
    if (this.#count > 0 && value !== this.#value) this.#endRun();
    this.#value = value;
    this.#count += count;
  }

  /** Adds to the value of every run. Nothing may be pushed after it. */
  addToValues(value: number): void {
    this.#endRun();
    this.#pairs.addToSeconds(value);
  }

  /** The number of pairs. */
  get length(): number {
    this.#endRun();
    return this.#pairs.length / 2;
  }

  /** The bytes of all pairs, in parts that follow one another. */
  parts(): Buffer[] {
    this.#endRun();
    return this.#pairs.parts();
  }

  #endRun(): void {
    if (this.#count === 0) return;
    this.#pairs.push(this.#count);
    this.#pairs.push(this.#value);
    this.#count = 0;
  }
}
