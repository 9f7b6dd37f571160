import type { HeldFile } from "./held-file.ts";
import type { FootagePiece } from "./pieces.ts";

/** The bytes `from` to `to` (exclusive) of a piece. */
export interface WantedPiece {
  piece: FootagePiece;
  from: number;
  to: number;
  /** No later piece is of the same file: it may be closed. */
  isLast: boolean;
}

/** What stands behind the index of a range, where it lies. */
export interface RangeMedia {
  /** The pieces in which the bytes from `start` to `end` (exclusive) lie, counted from the end of the index. Can be called once. */
  pieces(start: number, end: number): Iterable<WantedPiece>;
  close(): Promise<void>;
}

/** Media in files that are open, as far as the budget lets them be; what was given is let go of. */
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
        this.#letGo(passed.splice(0)); // behind the first piece: who waits for it need not wait for this
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

/** One after the other: who seeks has left a day of open files behind, and must not wait in the disk's queue for all of them. */
export async function closeInTurn(files: Iterable<HeldFile>): Promise<void> {
  for (const file of files) await file.close();
}
