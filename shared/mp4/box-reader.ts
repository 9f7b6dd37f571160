import { IS_LITTLE_ENDIAN } from "./box.ts";

/** Not an mp4, or not one that Hindsight wrote; the message says what is wrong with it. */
export class Mp4Error extends Error {
  override name = "Mp4Error";
}

/** An mp4 of a later version of Hindsight: it holds something that this version does not know. */
export class LaterVersionError extends Mp4Error {
  override name = "LaterVersionError";
}

/** A box that was found: its type, and the position of its content. */
export interface FoundBox {
  type: string;
  start: number;
  end: number;
}

/**
 * The consecutive boxes in `bytes` from `start` to `end` (ISO/IEC 14496-12 §4.2). With `mayBeCut`, the bytes may end
 * within the last box: its content then ends with them. Throws Mp4Error when a size is impossible.
 */
export function readBoxes(bytes: Buffer, start = 0, end = bytes.length, mayBeCut = false): FoundBox[] {
  const boxes: FoundBox[] = [];
  for (let at = start; at < end; ) {
    const header = readBoxHeader(bytes, at, end);
    if (header === undefined) {
      if (mayBeCut) break;
      throw new Mp4Error(`the bytes end within a box header at ${at}`);
    }
    const boxEnd = header.size === 0 ? end : at + header.size;
    if (boxEnd > end && !mayBeCut) throw new Mp4Error(`box "${header.type}" at ${at} reaches beyond what holds it`);
    boxes.push({ type: header.type, start: at + header.headerBytes, end: Math.min(boxEnd, end) });
    at = boxEnd;
  }
  return boxes;
}

/** A box header; `size` is that of the whole box, 0 when it extends to the end of the file. */
export interface BoxHeader {
  type: string;
  size: number;
  headerBytes: number;
}

/** Reads the box header at `at`; undefined when the bytes end within it. Throws Mp4Error. */
export function readBoxHeader(bytes: Buffer, at: number, end = bytes.length): BoxHeader | undefined {
  if (end - at < 8) return undefined;
  const type = bytes.toString("latin1", at + 4, at + 8);
  const size = bytes.readUInt32BE(at);
  if (size === 0) return { type, size, headerBytes: 8 };
  if (size !== 1) {
    if (size < 8) throw new Mp4Error(`box "${type}" at ${at} states a size of ${size} bytes`);
    return { type, size, headerBytes: 8 };
  }
  if (end - at < 16) return undefined;
  const large = readUint64(bytes, at + 8);
  if (large < 16) throw new Mp4Error(`box "${type}" at ${at} states a size of ${large} bytes`);
  return { type, size: large, headerBytes: 16 };
}

/** The first box of a type among `boxes`. Throws Mp4Error when there is none. */
export function boxOf(boxes: FoundBox[], type: string): FoundBox {
  const found = boxes.find((candidate) => candidate.type === type);
  if (found === undefined) throw new Mp4Error(`no "${type}" box`);
  return found;
}

/** Reads the fields of a box's content one after the other. Reading past its end throws Mp4Error. */
export class FieldReader {
  readonly #bytes: Buffer;
  readonly #end: number;
  readonly #type: string;
  #at: number;

  constructor(bytes: Buffer, found: FoundBox) {
    this.#bytes = bytes;
    this.#at = found.start;
    this.#end = Math.min(found.end, bytes.length);
    this.#type = found.type;
  }

  /** Bytes that are left. */
  get left(): number {
    return this.#end - this.#at;
  }

  uint8(): number {
    return this.#bytes.readUInt8(this.#advance(1));
  }

  uint16(): number {
    return this.#bytes.readUInt16BE(this.#advance(2));
  }

  uint32(): number {
    return this.#bytes.readUInt32BE(this.#advance(4));
  }

  uint64(): number {
    return readUint64(this.#bytes, this.#advance(8));
  }

  /** Reads `count` unsigned 32-bit numbers, much faster than one at a time. */
  uint32s(count: number): Uint32Array {
    const at = this.#advance(count * 4);
    const numbers = new Uint32Array(count);
    const bytes = Buffer.from(numbers.buffer);
    this.#bytes.copy(bytes, 0, at, at + count * 4);
    if (IS_LITTLE_ENDIAN) bytes.swap32();
    return numbers;
  }

  bytes(length: number): Buffer {
    const at = this.#advance(length);
    return this.#bytes.subarray(at, at + length);
  }

  skip(length: number): void {
    this.#advance(length);
  }

  /**
   * Reads the count of a table whose entries of `entryBytes` each follow. Throws Mp4Error when the box is too short for
   * it.
   */
  count(entryBytes: number): number {
    const count = this.uint32();
    if (count * entryBytes > this.left) throw new Mp4Error(`box "${this.#type}" is too short for its ${count} entries`);
    return count;
  }

  #advance(length: number): number {
    const at = this.#at;
    if (at + length > this.#end) throw new Mp4Error(`box "${this.#type}" ends too early`);
    this.#at += length;
    return at;
  }
}

function readUint64(bytes: Buffer, at: number): number {
  const value = bytes.readUInt32BE(at) * 2 ** 32 + bytes.readUInt32BE(at + 4);
  if (!Number.isSafeInteger(value)) throw new Mp4Error(`a 64-bit field at ${at} is beyond 2^53`);
  return value;
}
