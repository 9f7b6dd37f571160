import type { Response } from "express";
import type { Entity } from "../http/conditional.ts";
import type { SendBuffers } from "../http/send-buffers.ts";
import { writeFlushed } from "../http/write-bytes.ts";
import { FootageChangedError, type HeldFile } from "./held-file.ts";
import type { HeldIndex, IndexTurn } from "./held-index.ts";
import type { ChunkPiece, FilePiece } from "./pieces.ts";
import type { RangeMedia } from "./range-media.ts";

/** A file that does not exist on disk: a generated index, followed by parts of files that do. */
export class VirtualFile {
  readonly entity: Entity;
  readonly #index: HeldIndex;
  readonly #media: RangeMedia;
  readonly #buffers: SendBuffers;
  /** Bytes that the client has taken, as shown by its request for the part after them. */
  #takenBytes = 0;

  /** Takes over the media: `close` closes them. */
  constructor(entity: Entity, index: HeldIndex, media: RangeMedia, buffers: SendBuffers) {
    this.entity = entity;
    this.#index = index;
    this.#media = media;
    this.#buffers = buffers;
  }

  /** Returns the index, and no longer holds it: it is made again when it is sent. */
  takeIndex(): Buffer[] {
    return this.#index.take();
  }

  /**
   * Sends the bytes from `start` to `end` (exclusive) and ends the answer; resolves early when the client has
   * disconnected. Otherwise like `contents`.
   */
  async send(res: Response, start: number, end: number, turn: IndexTurn): Promise<void> {
    for await (const bytes of this.contents(start, end, turn)) if (!(await writeFlushed(res, bytes))) return;
    res.end();
  }

  /**
   * The bytes from `start` to `end` (exclusive); each part is valid until the next one is requested. Can be called
   * once, since it frees what it has returned. The turn ends when no index is in memory any longer. Throws
   * FootageChangedError rather than return wrong bytes, what making the index again throws, and the errors of open(2)
   * and read(2).
   */
  async *contents(start: number, end: number, turn: IndexTurn): AsyncGenerator<Buffer> {
    yield* this.#index.contents(start, Math.min(end, this.#index.length), turn);
    const mediaStart = this.#index.length;
    for (const { piece, from, to, isLast } of this.#media.pieces(Math.max(start - mediaStart, 0), end - mediaStart)) {
      yield* "offsets" in piece ? this.#ofChunk(piece, from, to) : this.#ofFile(piece, from, to);
      if (isLast) await piece.file.close();
    }
  }

  close(): Promise<void> {
    return this.#media.close();
  }

  async *#ofFile({ file, start }: FilePiece, from: number, to: number): AsyncGenerator<Buffer> {
    for (let at = from; at < to; ) {
      const buffer = this.#buffers.take(this.#takenBytes);
      let isDone = false;
      try {
        const bytes = buffer.subarray(0, to - at);
        await fill(bytes, file, start + at);
        yield bytes;
        at += bytes.length;
        this.#takenBytes += bytes.length;
        isDone = true;
      } finally {
        this.#buffers.giveBack(buffer, !isDone);
      }
    }
  }

  async *#ofChunk(piece: ChunkPiece, from: number, to: number): AsyncGenerator<Buffer> {
    const { offsets, sizes } = piece;
    let position = 0;
    for (let first = piece.from; first < piece.to && position < to; ) {
      const size = sizes[first] as number;
      if (position + size <= from) {
        position += size;
        first++;
        continue;
      }
      const buffer = this.#buffers.take(this.#takenBytes);
      let isDone = false;
      try {
        const start = offsets[first] as number;
        const endOf = (sample: number) => (offsets[sample] as number) + (sizes[sample] as number);
        let next = first + 1;
        while (next < piece.to && endOf(next) - start <= buffer.length) next++;
        const samples = await this.#samples(piece, first, next, buffer);
        yield samples.subarray(Math.max(from - position, 0), to - position);
        this.#takenBytes += samples.length;
        position += samples.length;
        first = next;
        isDone = true;
      } finally {
        this.#buffers.giveBack(buffer, !isDone);
      }
    }
  }

  /** Samples of a chunk in the format of an mp4; in `buffer`, unless a single one is larger. */
  async #samples(piece: ChunkPiece, from: number, to: number, buffer: Buffer): Promise<Buffer> {
    const { file, codec, offsets, sizes } = piece;
    const start = offsets[from] as number;
    const length = (offsets[to - 1] as number) + (sizes[to - 1] as number) - start;
    const bytes = length <= buffer.length ? buffer.subarray(0, length) : Buffer.allocUnsafeSlow(length);
    await fill(bytes, file, start);
    let filled = 0;
    for (let sample = from; sample < to; sample++) {
      const at = (offsets[sample] as number) - start;
      const unit = bytes.subarray(at, at + (sizes[sample] as number));
      codec.startCodesToLengths(unit);
      filled += unit.copy(bytes, filled); // overwrites the block header before it
    }
    return bytes.subarray(0, filled);
  }
}

async function fill(bytes: Buffer, file: HeldFile, position: number): Promise<void> {
  const handle = await file.handle();
  for (let filled = 0; filled < bytes.length; ) {
    const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, position + filled);
    if (bytesRead === 0) throw new FootageChangedError("a minute of the range ends too early");
    filled += bytesRead;
  }
}
