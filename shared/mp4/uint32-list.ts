import { bigEndian, IS_LITTLE_ENDIAN } from "./box.ts";

/** Called repeatedly during long work, so that the event loop can do other work. */
export interface Pauses {
  pause(): Promise<void>;
}

/** A list begins small, since most are of a few minutes. */
const FIRST_LENGTH = 1024;
const BLOCK_LENGTH = 16 * 1024;

/** A growing list of unsigned 32-bit numbers for a file; millions of them are never copied. */
export class Uint32List {
  /** Full blocks, big-endian. */
  readonly #full: Buffer[] = [];
  #fullLength = 0;
  #block = new Uint32Array(FIRST_LENGTH);
  #used = 0;

  /** Adds a number; a negative one as two's complement. */
  push(value: number): void {
    if (this.#used === this.#block.length) this.#nextBlock();
    this.#block[this.#used++] = value;
  }

  /** Adds many numbers, much faster than one at a time. */
  pushAll(numbers: Uint32Array): void {
    for (let at = 0; at < numbers.length; ) {
      if (this.#used === this.#block.length) this.#nextBlock();
      const fitting = numbers.subarray(at, at + this.#block.length - this.#used);
      this.#block.set(fitting, this.#used);
      this.#used += fitting.length;
      at += fitting.length;
    }
  }

  /** How many numbers there are. */
  get length(): number {
    return this.#fullLength + this.#used;
  }

  /** Adds `value` to every second number, from the second one. */
  async addToSeconds(value: number, pauses: Pauses): Promise<void> {
    for (const bytes of this.#full) {
      const numbers = new Uint32Array(bytes.buffer);
      if (IS_LITTLE_ENDIAN) bytes.swap32();
      for (let i = 1; i < numbers.length; i += 2) numbers[i] = (numbers[i] as number) + value;
      bigEndian(numbers);
      await pauses.pause();
    }
    for (let i = 1; i < this.#used; i += 2) this.#block[i] = (this.#block[i] as number) + value;
  }

  /** The bytes of all numbers, big-endian, in consecutive parts. */
  parts(): Buffer[] {
    return [...this.#full, bigEndian(this.#block.slice(0, this.#used))];
  }

  #nextBlock(): void {
    this.#fullLength += this.#block.length;
    this.#full.push(bigEndian(this.#block));
    this.#block = new Uint32Array(BLOCK_LENGTH);
    this.#used = 0;
  }
}

/** Run-length pairs (count, value), as in `stts` and `ctts`. */
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

  /** Adds a value as a run of its own, even where its neighbours are equal. */
  pushAlone(value: number): void {
    this.#endRun();
    this.push(value);
    this.#endRun();
  }

  /** Adds `value` to the value of every run. Nothing may be pushed afterwards. */
  async addToValues(value: number, pauses: Pauses): Promise<void> {
    this.#endRun();
    if (value !== 0) await this.#pairs.addToSeconds(value, pauses);
  }

  /** The number of pairs. */
  get length(): number {
    this.#endRun();
    return this.#pairs.length / 2;
  }

  /** The bytes of all pairs, in consecutive parts. */
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
