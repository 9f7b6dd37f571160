import type { Response } from "express";
import { startCodesToLengths } from "../../../shared/h264/start-codes.ts";
import type { Entity } from "../http/conditional.ts";
import { STALL_LIMIT_MS } from "../http/send-file.ts";
import { writeFlushed } from "../http/write-bytes.ts";
import { FootageChangedError, type HeldFile } from "./held-file.ts";
import type { ChunkPiece, FilePiece, Piece } from "./pieces.ts";

/** Read so much at once: 64 kB pieces cost twice the CPU. */
const READ_BYTES = 1024 * 1024;
const NOTHING = Buffer.alloc(0);

/** A file that is not on disk: some bytes that were made, and parts of files that are. */
export class VirtualFile {
  readonly entity: Entity;
  readonly #pieces: Piece[];
  readonly #files: Set<HeldFile>;
  #buffer: Buffer | undefined;

  /** Takes over the files: `close` closes them. */
  constructor(entity: Entity, pieces: Piece[], files: Iterable<HeldFile>) {
    this.entity = entity;
    this.#pieces = pieces;
    this.#files = new Set(files);
  }

  /**
   * Sends the bytes from `start` to `end` (exclusive) and ends the answer; resolves early when the client has gone. Can be
   * called once: what was sent is let go of. `onHeadSent` is called when nothing that was made is held in memory any more.
   * Throws FootageChangedError, StartCodeError, and the errors of open(2) and read(2): bytes that would be wrong are not sent.
   */
  async send(res: Response, start: number, end: number, onHeadSent: () => void): Promise<void> {
    res.setTimeout(STALL_LIMIT_MS, () => res.destroy());
    const pieces = this.#pieces.splice(0);
    const lastUse = new Map(pieces.map((piece, index) => ["file" in piece ? piece.file : undefined, index]));
    let position = 0;
    for (const [index, piece] of pieces.entries()) {
      const from = Math.max(start - position, 0);
      const to = Math.min(end - position, piece.length);
      position += piece.length;
      if (from < to && !(await this.#sendPiece(res, piece, from, to))) return;
      if ("bytes" in piece) piece.bytes = NOTHING;
      else if (lastUse.get(piece.file) === index) await piece.file.close();
      if (index === lastUse.get(undefined)) onHeadSent();
      if (position >= end) break;
    }
    res.end();
  }

  async close(): Promise<void> {
    await Promise.all(Array.from(this.#files, (file) => file.close()));
  }

  #sendPiece(res: Response, piece: Piece, from: number, to: number): Promise<boolean> {
    if ("bytes" in piece) return writeFlushed(res, piece.bytes.subarray(from, to));
    return "offsets" in piece ? this.#sendChunk(res, piece, from, to) : this.#sendFile(res, piece, from, to);
  }

  async #sendFile(res: Response, { file, start }: FilePiece, from: number, to: number): Promise<boolean> {
    for (let at = from; at < to; ) {
      const length = Math.min(READ_BYTES, to - at);
      const bytes = await this.#read(file, start + at, length);
      if (!(await writeFlushed(res, bytes))) return false;
      at += length;
    }
    return true;
  }

  async #sendChunk(res: Response, piece: ChunkPiece, from: number, to: number): Promise<boolean> {
    const { file, offsets, sizes } = piece;
    let position = 0;
    for (let first = piece.from; first < piece.to && position < to; ) {
      const size = sizes[first] as number;
      if (position + size <= from) {
        position += size;
        first++;
        continue;
      }
      const start = offsets[first] as number;
      const endOf = (sample: number) => (offsets[sample] as number) + (sizes[sample] as number);
      let next = first + 1;
      while (next < piece.to && endOf(next) - start <= READ_BYTES) next++;
      const bytes = await this.#read(file, start, endOf(next - 1) - start);
      let length = 0;
      for (let sample = first; sample < next; sample++) {
        const at = (offsets[sample] as number) - start;
        const unit = bytes.subarray(at, at + (sizes[sample] as number));
        startCodesToLengths(unit);
        length += unit.copy(bytes, length); // over the block header in front of it
      }
      const wanted = bytes.subarray(Math.max(from - position, 0), Math.min(to - position, length));
      if (!(await writeFlushed(res, wanted))) return false;
      position += length;
      first = next;
    }
    return true;
  }

  /** Into one buffer, which is free again when what was read before has been flushed. */
  async #read(file: HeldFile, position: number, length: number): Promise<Buffer> {
    if (this.#buffer === undefined || this.#buffer.length < length) this.#buffer = Buffer.allocUnsafeSlow(length);
    const bytes = this.#buffer.subarray(0, length);
    const handle = await file.handle();
    for (let filled = 0; filled < length; ) {
      const { bytesRead } = await handle.read(bytes, filled, length - filled, position + filled);
      if (bytesRead === 0) throw new FootageChangedError("a minute of the range ends too early");
      filled += bytesRead;
    }
    return bytes;
  }
}
