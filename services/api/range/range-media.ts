import type { HeldFile } from "./held-file.ts";
import type { FootagePiece } from "./pieces.ts";

/** The bytes from `from` to `to` (exclusive) of a piece. */
export interface WantedPiece {
  piece: FootagePiece;
  from: number;
  to: number;
  /** No later piece is in the same file, so the file can be closed. */
  isLast: boolean;
}

/** The media data of a range, which follow its index. */
export interface RangeMedia {
  /** The pieces with the bytes from `start` to `end` (exclusive), counted from the index's end. Can be called once. */
  pieces(start: number, end: number): Iterable<WantedPiece>;
  close(): Promise<void>;
}

/** Media data of a range that was just laid out; its files are open as far as the budget allows it. */
export class HeldMedia implements RangeMedia {
  readonly #pieces: FootagePiece[];
  readonly #files: Set<HeldFile>;
  #closing: Promise<unknown> | undefined;

  /** Takes over the files: `close` closes them. */
  constructor(pieces: FootagePiece[], files: Iterable<HeldFile>) {
    this.#pieces = pieces;
    this.#files = new Set(files);
  }

  *pieces(start: number, end: number): Generator<WantedPiece> {
    const pieces = this.#pieces.splice(0);
    const lastUse = new Map(pieces.map(({ file }, index) => [file, index]));
    const passed: HeldFile[] = [];
    let position = 0;
    for (const [index, piece] of pieces.entries()) {
      if (position >= end) break;
      const from = Math.max(start - position, 0);
      const to = Math.min(end - position, piece.length);
      position += piece.length;
      const isLast = lastUse.get(piece.file) === index;
      if (from < to) {
        yield { piece, from, to, isLast };
        this.#letGo(passed.splice(0)); // after the first piece, which must not wait for this
      } else if (isLast) passed.push(piece.file);
    }
  }

  async close(): Promise<void> {
    await this.#closing;
    await closeInTurn(this.#files);
  }

  #letGo(files: HeldFile[]): void {
    if (files.length > 0) this.#closing = closeInTurn(files).catch(() => {}); // nothing was written to them
  }
}

/** Closes one after the other: a seek leaves a day of open files, and must not wait in the disk's queue behind all. */
export async function closeInTurn(files: Iterable<HeldFile>): Promise<void> {
  for (const file of files) await file.close();
}
