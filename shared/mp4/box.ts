import { endianness } from "node:os";

/**
 * Building blocks of ISO base media files (ISO/IEC 14496-12 §4.2): a box consists of its size, its type and its
 * content.
 */

/** Whether the byte order of numbers differs between memory and file. */
export const IS_LITTLE_ENDIAN = endianness() === "LE";

const BOX_HEADER_BYTES = 8;
const MAX_UINT32 = 0xffff_ffff;

/** A box of a four-character type. Throws RangeError when it would be longer than 4 GiB. */
export function box(type: string, ...content: Buffer[]): Buffer {
  return Buffer.concat(boxParts(type, content));
}

/** A box as consecutive parts, so that long content is not copied. Throws RangeError as `box` does. */
export function boxParts(type: string, content: readonly Buffer[]): Buffer[] {
  const size = lengthOf(content) + BOX_HEADER_BYTES;
  if (size > MAX_UINT32) throw new RangeError(`a "${type}" box of ${size} bytes`);
  const header = Buffer.alloc(BOX_HEADER_BYTES);
  header.writeUInt32BE(size, 0);
  header.write(type, 4, "latin1");
  return [header, ...content];
}

/** Total length of the parts in bytes. */
export function lengthOf(parts: readonly Buffer[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0);
}

/** A full box (§4.2): a box whose content begins with a version and 24 flags. */
export function fullBox(type: string, version: number, flags: number, ...content: Buffer[]): Buffer {
  return box(type, uint32((version << 24) | flags), ...content);
}

/** A full box in parts, as `boxParts`. */
export function fullBoxParts(type: string, version: number, flags: number, content: readonly Buffer[]): Buffer[] {
  return boxParts(type, [uint32((version << 24) | flags), ...content]);
}

/** Unsigned 32-bit big-endian numbers. */
export function uint32(...values: number[]): Buffer {
  return uint32Table(values);
}

/** A table of unsigned 32-bit big-endian numbers; negative ones as two's complement. */
export function uint32Table(values: ArrayLike<number>): Buffer {
  return bigEndian(new Uint32Array(values));
}

/** The bytes of numbers in big-endian order. Overwrites the numbers: the result uses their memory. */
export function bigEndian(numbers: Uint32Array): Buffer {
  const bytes = Buffer.from(numbers.buffer, numbers.byteOffset, numbers.byteLength);
  return IS_LITTLE_ENDIAN ? bytes.swap32() : bytes;
}

/** Unsigned 16-bit big-endian numbers. */
export function uint16(...values: number[]): Buffer {
  const bytes = Buffer.allocUnsafe(values.length * 2);
  for (let i = 0; i < values.length; i++) bytes.writeUInt16BE(values[i] as number, i * 2);
  return bytes;
}

/** Unsigned 64-bit big-endian numbers. Throws RangeError for a number that is not a safe integer. */
export function uint64(...values: number[]): Buffer {
  return uint64Table(values);
}

/** A table of unsigned 64-bit big-endian numbers. Throws RangeError for a number that is not a safe integer. */
export function uint64Table(values: ArrayLike<number>): Buffer {
  const halves = new Uint32Array(values.length * 2);
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (!Number.isSafeInteger(value) || value < 0)
      throw new RangeError(`${value} does not fit an unsigned 64-bit field`);
    halves[i * 2] = Math.floor(value / 2 ** 32);
    halves[i * 2 + 1] = value;
  }
  return bigEndian(halves);
}

/** A signed 64-bit big-endian number. */
export function int64(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeBigInt64BE(BigInt(value));
  return bytes;
}

/** The header of an `mdat` box with `contentBytes` of content; with a 64-bit size only where necessary. */
export function mediaDataHeader(contentBytes: number): Buffer {
  const isLong = contentBytes + BOX_HEADER_BYTES > MAX_UINT32;
  const header = Buffer.concat([uint32(isLong ? 1 : contentBytes + BOX_HEADER_BYTES), Buffer.from("mdat", "latin1")]);
  return isLong ? Buffer.concat([header, uint64(contentBytes + BOX_HEADER_BYTES + 8)]) : header;
}
