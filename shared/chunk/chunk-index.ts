import type { FileHandle } from "node:fs/promises";
import type { VideoCodec } from "../codec/video-codec.ts";
import { videoCodecOfBlock } from "../codec/video-codecs.ts";
import { BLOCK_HEADER_BYTES, type BlockHeader, BlockKind, type ChunkOrigin, readBlockHeader } from "./format.ts";

/** The access units of a chunk, in decode order: each array has one element for each. */
export interface ChunkIndex {
  /** Absent when the chunk has no readable origin block. */
  origin?: ChunkOrigin;
  /** Time of the origin block, µs since the Unix epoch: together with the origin it identifies the chunk. */
  openedUs?: number;
  /** Codec of the access units; absent when there are none. */
  codec?: VideoCodec;
  /** Offset in the file of the access unit's Annex B bytes. */
  offsets: Float64Array;
  /** Length of the Annex B bytes. */
  sizes: Uint32Array;
  /** Capture times, µs since the Unix epoch. */
  captureTimesUs: Float64Array;
  /** 1 where a decoder can begin at the access unit, 0 where its random access type is "none". */
  keyframes: Uint8Array;
  /**
   * Kinds of blocks that this version does not know, ascending, including that of a torn block. Their data is not in
   * this index.
   */
  unknownKinds: readonly number[];
  /**
   * Where the last frame ends, µs since the Unix epoch: from the end block, otherwise it lasts as long as the frame
   * before it. 0 without frames.
   */
  endUs: number;
  /** Whether the end block is there: nobody will write to the chunk any more. */
  isClosed: boolean;
  /** Length of the whole blocks, from the start of the file. */
  wholeBytes: number;
  /** Bytes behind the whole blocks: the beginning of a block that is not (yet) complete. */
  tornBytes: number;
  /** What is wrong, when the bytes behind the whole blocks are something that no writer leaves, whole or torn. */
  damage?: string;
}

/** Duration of a frame that is alone in its chunk, µs. */
const LONE_FRAME_US = 40_000;
/** Bytes read of each block: the header, and enough of most access units to tell whether they are keyframes. */
const HEAD_BYTES = BLOCK_HEADER_BYTES + 111;
const OTHER_KINDS: ReadonlySet<number> = new Set(Object.values(BlockKind));
const MAX_ORIGIN_BYTES = 64 * 1024;
/** Holds a dozen frames of 4 Mbit/s: one large read costs less than a small one for each of them. */
const WINDOW_BYTES = 256 * 1024;

/**
 * Indexes a chunk by looking at the head of each block. To continue in a chunk that has grown, pass the previous result
 * as `previous`; `window` is an optional buffer to read into. Throws the errors of fstat(2) and read(2).
 */
export async function indexChunk(file: FileHandle, previous?: ChunkIndex, window?: Buffer): Promise<ChunkIndex> {
  const { size } = await file.stat();
  const scan = new ChunkScan(file, size, previous, window);
  while (await scan.readBlock());
  return scan.result();
}

class ChunkScan {
  readonly #file: FileHandle;
  readonly #size: number;
  /** The bytes of the file from `#windowAt` on. */
  #window: Buffer;
  #windowAt = 0;
  #windowBytes = 0;
  readonly #previous: ChunkIndex | undefined;
  readonly #offsets: number[] = [];
  readonly #sizes: number[] = [];
  readonly #timesUs: number[] = [];
  readonly #keyframes: number[] = [];
  readonly #unknownKinds: Set<number>;
  #codec: VideoCodec | undefined;
  #position: number;
  #origin: ChunkOrigin | undefined;
  #openedUs: number | undefined;
  #endBlockUs: number | undefined;
  #damage: string | undefined;

  constructor(file: FileHandle, size: number, previous?: ChunkIndex, window: Buffer = Buffer.alloc(0)) {
    this.#file = file;
    this.#size = size;
    this.#previous = previous;
    this.#window = window;
    this.#position = previous?.wholeBytes ?? 0;
    this.#origin = previous?.origin;
    this.#openedUs = previous?.openedUs;
    this.#unknownKinds = new Set(previous?.unknownKinds);
    this.#codec = previous?.codec;
    if (previous?.isClosed === true) this.#endBlockUs = previous.endUs;
  }

  /** Reads a block; false at the end of the chunk, or when nothing behind this position can be read. */
  async readBlock(): Promise<boolean> {
    const start = this.#position;
    if (start >= this.#size) return false;
    if (this.#endBlockUs !== undefined) return await this.#stop("bytes follow the end block");
    const head = this.#held(start, HEAD_BYTES) ?? (await this.#read(start, HEAD_BYTES));
    if (head.length < BLOCK_HEADER_BYTES) return false;
    const header = readBlockHeader(head, 0);
    if (header === undefined) return await this.#stop("no block header");
    const end = start + BLOCK_HEADER_BYTES + header.length;
    const codec = videoCodecOfBlock(header.kind);
    if (codec === undefined && !OTHER_KINDS.has(header.kind)) this.#unknownKinds.add(header.kind);
    if (end > this.#size) return false;
    if (codec !== undefined && !(await this.#takeAccessUnit(codec, header, head))) return false;
    if (header.kind === BlockKind.origin) await this.#takeOrigin(header);
    if (header.kind === BlockKind.end) this.#endBlockUs = header.timeUs;
    this.#position = end;
    return true;
  }

  result(): ChunkIndex {
    const before = this.#previous;
    const captureTimesUs = concat(Float64Array, before?.captureTimesUs, this.#timesUs);
    return {
      ...(this.#origin === undefined ? {} : { origin: this.#origin }),
      ...(this.#openedUs === undefined ? {} : { openedUs: this.#openedUs }),
      ...(this.#codec === undefined ? {} : { codec: this.#codec }),
      offsets: concat(Float64Array, before?.offsets, this.#offsets),
      sizes: concat(Uint32Array, before?.sizes, this.#sizes),
      captureTimesUs,
      keyframes: concat(Uint8Array, before?.keyframes, this.#keyframes),
      unknownKinds: [...this.#unknownKinds].sort((a, b) => a - b),
      endUs: endOf(captureTimesUs, this.#endBlockUs),
      isClosed: this.#endBlockUs !== undefined,
      wholeBytes: this.#position,
      tornBytes: this.#size - this.#position,
      ...(this.#damage === undefined ? {} : { damage: this.#damage }),
    };
  }

  async #takeAccessUnit(codec: VideoCodec, header: BlockHeader, head: Buffer): Promise<boolean> {
    if (codec !== (this.#codec ?? codec)) return await this.#stop("a video block of another codec");
    const data = this.#position + BLOCK_HEADER_BYTES;
    let wanted = HEAD_BYTES - BLOCK_HEADER_BYTES;
    let bytes = head.subarray(BLOCK_HEADER_BYTES, BLOCK_HEADER_BYTES + Math.min(header.length, wanted));
    let access = codec.randomAccessOf(bytes, bytes.length === header.length);
    while (access === undefined && bytes.length < header.length) {
      wanted *= 32;
      bytes = await this.#read(data, Math.min(header.length, wanted));
      access = codec.randomAccessOf(bytes, bytes.length === header.length);
    }
    if (access === "not Annex B") return await this.#stop("a video block without a start code of four bytes");
    this.#codec = codec;
    this.#offsets.push(data);
    this.#sizes.push(header.length);
    this.#timesUs.push(header.timeUs);
    this.#keyframes.push(access === undefined || access === "none" ? 0 : 1);
    return true;
  }

  async #takeOrigin(header: BlockHeader): Promise<void> {
    if (this.#origin !== undefined || header.length > MAX_ORIGIN_BYTES) return;
    const bytes = await this.#read(this.#position + BLOCK_HEADER_BYTES, header.length);
    this.#origin = parseOrigin(bytes.toString("utf8"));
    if (this.#origin !== undefined) this.#openedUs = header.timeUs;
  }

  /** Ends the scan with damage, unless only zeros follow: a power loss leaves those where a file had grown. */
  async #stop(damage: string): Promise<false> {
    const sample = await this.#read(this.#position, Math.min(this.#size - this.#position, 1024 * 1024));
    if (sample.some((byte) => byte !== 0)) this.#damage = `${damage} at byte ${this.#position}`;
    return false;
  }

  /** Reads bytes of the file, fewer at its end; the result is valid until the next `#read`. */
  async #read(position: number, length: number): Promise<Buffer> {
    const held = this.#held(position, length);
    if (held !== undefined) return held;
    const wanted = Math.min(length, Math.max(this.#size - position, 0));
    if (this.#window.length < wanted || this.#window.length === 0) {
      this.#window = Buffer.allocUnsafeSlow(Math.max(WINDOW_BYTES, wanted));
    }
    let filled = 0;
    while (filled < wanted) {
      const { bytesRead } = await this.#file.read(
        this.#window,
        filled,
        this.#window.length - filled,
        position + filled,
      );
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    this.#windowAt = position;
    this.#windowBytes = filled;
    return this.#window.subarray(0, Math.min(filled, wanted));
  }

  /** As `#read`, but only from what the last `#read` has brought; undefined when that is not enough. */
  #held(position: number, length: number): Buffer | undefined {
    const at = position - this.#windowAt;
    return at >= 0 && at + length <= this.#windowBytes ? this.#window.subarray(at, at + length) : undefined;
  }
}

/** The origin that the text of an origin block holds, or undefined when it is not valid. */
export function parseOrigin(text: string): ChunkOrigin | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const { recorder, session, boot, clockOffsetUs } = value as Partial<ChunkOrigin>;
  if (typeof recorder !== "string" || typeof boot !== "string") return undefined;
  if (!Number.isFinite(session) || !Number.isFinite(clockOffsetUs)) return undefined;
  return { recorder, session: session as number, boot, clockOffsetUs: clockOffsetUs as number };
}

function endOf(timesUs: Float64Array, endBlockUs: number | undefined): number {
  let last = 0;
  let lastButOne = 0;
  for (const timeUs of timesUs) {
    if (timeUs > last) {
      lastButOne = last;
      last = timeUs;
    } else if (timeUs > lastButOne && timeUs < last) {
      lastButOne = timeUs;
    }
  }
  if (timesUs.length === 0) return 0;
  if (endBlockUs !== undefined && endBlockUs > last) return endBlockUs;
  const durationUs = lastButOne === 0 ? LONE_FRAME_US : last - lastButOne;
  return Math.min(last + durationUs, Number.MAX_SAFE_INTEGER); // a damaged time may be the latest possible
}

function concat<T extends Float64Array | Uint32Array | Uint8Array>(
  type: new (length: number) => T,
  before: T | undefined,
  added: number[],
): T {
  const joined = new type((before?.length ?? 0) + added.length);
  if (before !== undefined) joined.set(before);
  joined.set(added, before?.length ?? 0);
  return joined;
}
