import { BLOCK_HEADER_BYTES } from "../../../shared/chunk/format.ts";
import { START_CODE } from "../../../shared/codec/nal-units.ts";

/** A complete access unit in a buffer: its block, header included, is between `start` and `end`. */
export interface PendingAccessUnit {
  start: number;
  end: number;
  /** Its capture time by the camera's clock: µs on the axis of CaptureClock.unwrap. */
  rtpUs: number;
  isKeyframe: boolean;
}

/** What is taken out of an AccessUnitBuffer: the bytes and the consecutive access units in them, from offset 0. */
export interface AccessUnitBatch {
  bytes: Buffer;
  units: PendingAccessUnit[];
}

const FIRST_BYTES = 256 * 1024;
const LARGEST_SPARE_BYTES = 4 * 1024 * 1024;
/** Memory of a waiting access unit besides its bytes: the object that describes it, and its entries in arrays. */
const UNIT_BYTES = 128;

/**
 * Gathers access units in the format in which they are written: each as a block, with room for the block's header, so
 * that a byte is copied only once between socket and file.
 */
export class AccessUnitBuffer {
  readonly #maxBytes: number;
  #bytes = newBuffer(0);
  #spare: Buffer | undefined;
  #units: PendingAccessUnit[] = [];
  /** Offset of the current access unit. */
  #start = 0;
  #end = 0;
  #hasOverflowed = false;

  /** @param maxBytes maximum number of bytes to gather; what does not fit is refused */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Whether anything was ever refused because it did not fit. */
  get hasOverflowed(): boolean {
    return this.#hasOverflowed;
  }

  /** Bytes of complete access units that wait to be taken. */
  get waitingBytes(): number {
    return this.#start;
  }

  /** Bytes of the current access unit. */
  get currentBytes(): number {
    return Math.max(0, this.#end - this.#start - BLOCK_HEADER_BYTES);
  }

  /** Begins an access unit. */
  begin(): void {
    this.#end = this.#start + BLOCK_HEADER_BYTES;
    this.#reserve(0);
  }

  /** Begins a NAL unit: a start code, then its bytes by `append`. Returns false when there is no more room. */
  beginNal(): boolean {
    if (this.#start + this.#units.length * UNIT_BYTES > this.#maxBytes) return this.#refuse();
    if (!this.#reserve(START_CODE.length)) return false;
    START_CODE.copy(this.#bytes, this.#end);
    this.#end += START_CODE.length;
    return true;
  }

  append(source: Buffer, start: number, end: number): boolean {
    if (!this.#reserve(end - start)) return false;
    source.copy(this.#bytes, this.#end, start, end);
    this.#end += end - start;
    return true;
  }

  appendByte(value: number): boolean {
    if (!this.#reserve(1)) return false;
    this.#bytes[this.#end++] = value;
    return true;
  }

  /** The bytes of the current access unit from `offset` on: a view, valid until the buffer changes. */
  current(offset: number): Buffer {
    return this.#bytes.subarray(this.#start + BLOCK_HEADER_BYTES + offset, this.#end);
  }

  /** Removes everything after `offset` of the current access unit. */
  truncate(offset: number): void {
    this.#end = this.#start + BLOCK_HEADER_BYTES + offset;
  }

  /**
   * Removes zero bytes from the end of the current access unit, because no NAL unit ends with one (ITU-T H.264 §7.4.1),
   * but none before `offset`. Returns the remaining length.
   */
  trimZeros(offset: number): number {
    const least = this.#start + BLOCK_HEADER_BYTES + offset;
    while (this.#end > least && this.#bytes[this.#end - 1] === 0) this.#end--;
    return this.currentBytes;
  }

  /** Inserts NAL units, each with a start code, at `offset` of the current access unit. */
  insertNals(offset: number, nals: readonly Buffer[]): boolean {
    const size = nals.reduce((sum, nal) => sum + START_CODE.length + nal.length, 0);
    if (!this.#reserve(size)) return false;
    let at = this.#start + BLOCK_HEADER_BYTES + offset;
    this.#bytes.copyWithin(at + size, at, this.#end);
    for (const nal of nals) {
      at += START_CODE.copy(this.#bytes, at);
      at += nal.copy(this.#bytes, at);
    }
    this.#end += size;
    return true;
  }

  /** Ends the current access unit and keeps it. */
  commit(rtpUs: number, isKeyframe: boolean): void {
    this.#units.push({ start: this.#start, end: this.#end, rtpUs, isKeyframe });
    this.#start = this.#end;
  }

  /** Makes the last committed access unit the current one again; undefined when it was taken. */
  reopen(): PendingAccessUnit | undefined {
    const unit = this.#units.pop();
    if (unit !== undefined) this.#start = unit.start;
    return unit;
  }

  /** The last committed access unit, unless it was taken: a view into these bytes, valid until the buffer changes. */
  newest(): { bytes: Buffer; start: number; end: number } | undefined {
    const unit = this.#units.at(-1);
    if (unit === undefined) return undefined;
    return { bytes: this.#bytes, start: unit.start + BLOCK_HEADER_BYTES, end: unit.end };
  }

  /** Discards the current access unit. */
  discard(): void {
    this.#end = this.#start;
  }

  /** Returns all complete access units; the current one stays. Undefined when there are none. */
  take(): AccessUnitBatch | undefined {
    if (this.#units.length === 0) return undefined;
    const batch = { bytes: this.#bytes, units: this.#units };
    const rest = this.#end - this.#start;
    const next = this.#spare !== undefined && this.#spare.length >= rest ? this.#spare : newBuffer(rest);
    this.#spare = undefined;
    this.#bytes.copy(next, 0, this.#start, this.#end);
    this.#bytes = next;
    this.#units = [];
    this.#start = 0;
    this.#end = rest;
    return batch;
  }

  /** Gives back the bytes of a batch that is written, to be reused. */
  recycle(bytes: Buffer): void {
    if (bytes.length <= LARGEST_SPARE_BYTES) this.#spare = bytes;
  }

  /** Releases all memory: nothing more will be gathered. */
  free(): void {
    this.#bytes = Buffer.alloc(0);
    this.#spare = undefined;
  }

  #refuse(): false {
    this.#hasOverflowed = true;
    return false;
  }

  #reserve(count: number): boolean {
    const size = this.#end + count;
    if (size <= this.#bytes.length) return true;
    if (size > this.#maxBytes) return this.#refuse();
    const larger = newBuffer(size, this.#maxBytes);
    this.#bytes.copy(larger, 0, 0, Math.min(this.#end, this.#bytes.length));
    this.#bytes = larger;
    return true;
  }
}

/** A buffer of the next power of two, but above the first size no larger than `maxBytes`. */
function newBuffer(bytes: number, maxBytes = Number.POSITIVE_INFINITY): Buffer {
  const size = Math.min(maxBytes, 2 ** Math.ceil(Math.log2(Math.max(1, bytes))));
  return Buffer.allocUnsafe(Math.max(FIRST_BYTES, size));
}
