/**
 * The chunk format: a run of blocks, each a 17-byte header and its data, written strictly one after the other.
 *
 * | bytes | field |
 * | --- | --- |
 * | 1 | version: the kind of the block: that of a video codec (`VideoCodec.blockKind`), or of `BlockKind` |
 * | 8 | unsigned 64-bit big-endian: length N of the data |
 * | 8 | unsigned 64-bit big-endian: time, µs since the Unix epoch |
 * | N | data |
 *
 * docs/storage.md is the contract in full.
 */
export const BLOCK_HEADER_BYTES = 17;

/** Longer blocks count as damage: an access unit of a 4K camera stays well below this. */
export const MAX_BLOCK_BYTES = 64 * 1024 * 1024;

/**
 * The kinds of blocks that hold no picture. The block of a picture is an access unit: NAL units, each behind 00 00 00
 * 01; its time is the capture time.
 */
export const BlockKind = {
  /**
   * JSON `ChunkOrigin`: who recorded this and by which clock; the first block of a chunk. Its time is that of the wall
   * clock.
   */
  origin: 254,
  /** The end of a chunk that was closed properly. No data; its time is where the last frame ends. */
  end: 255,
} as const;
export type BlockKind = (typeof BlockKind)[keyof typeof BlockKind];

/** A decoded block header. `kind` may be a value that this version does not know. */
export interface BlockHeader {
  kind: number;
  length: number;
  timeUs: number;
}

/**
 * Distinguishes the two reasons why parts of a minute may overlap in capture time: two recorders held the camera at
 * once (the same moments twice), or the wall clock was stepped back (other moments under the same times).
 */
export interface ChunkOrigin {
  /** The recorder process: `{host name}:{pid}:{random}`. */
  recorder: string;
  /** The RTSP session, counted from 1 in that process for that camera. */
  session: number;
  /** The host's boot (/proc/sys/kernel/random/boot_id): monotonic clocks can only be compared within one boot. */
  boot: string;
  /** Capture time minus the host's monotonic clock, µs, when the chunk was opened. Two parts of one boot whose
   * offsets differ by more than a second were written under different wall clocks and never overlap. */
  clockOffsetUs: number;
}

/** Writes a block header into `target` at `offset`. Throws RangeError when a number does not fit. */
export function writeBlockHeader(target: Buffer, offset: number, header: BlockHeader): void {
  target.writeUInt8(header.kind, offset);
  writeUInt64(target, offset + 1, header.length);
  writeUInt64(target, offset + 9, header.timeUs);
}

/** Reads the block header at `offset`, or undefined when the bytes there cannot be one. */
export function readBlockHeader(source: Buffer, offset: number): BlockHeader | undefined {
  if (source.length - offset < BLOCK_HEADER_BYTES) return undefined;
  const length = readUInt64(source, offset + 1);
  const timeUs = readUInt64(source, offset + 9);
  if (length > MAX_BLOCK_BYTES || timeUs > Number.MAX_SAFE_INTEGER) return undefined;
  return { kind: source.readUInt8(offset), length, timeUs };
}

function writeUInt64(target: Buffer, offset: number, value: number): void {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`${value} does not fit an unsigned 64-bit field`);
  target.writeUInt32BE(Math.floor(value / 2 ** 32), offset);
  target.writeUInt32BE(value >>> 0, offset + 4);
}

function readUInt64(source: Buffer, offset: number): number {
  return source.readUInt32BE(offset) * 2 ** 32 + source.readUInt32BE(offset + 4);
}
