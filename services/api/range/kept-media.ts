import { dirname } from "node:path";
import { HeldFile, type OpenFileBudget } from "./held-file.ts";
import type { KeptLayout } from "./kept-layout.ts";
import { closeInTurn, type RangeMedia, type WantedPiece } from "./range-media.ts";

/** So many files are opened ahead at a time. */
const OPENED_AT_ONCE = 32;

/**
 * Media of a range that was laid out before. The file in which the first bytes lie is opened when they are wanted. When the
 * client has taken them, all others that it asked for are opened, so that a download is not cut short by a minute that is
 * deleted meanwhile; who seeks to and fro pays for none of that.
 */
export class KeptMedia implements RangeMedia {
  readonly #layout: KeptLayout;
  readonly #budget: OpenFileBudget;
  readonly #files = new Map<number, HeldFile>();
  /** Those that have been sent. */
  readonly #passed = new Set<number>();
  #isClosed = false;
  #opening: Promise<void> | undefined;

  constructor(layout: KeptLayout, budget: OpenFileBudget) {
    this.#layout = layout;
    this.#budget = budget;
  }

  *pieces(start: number, end: number): Generator<WantedPiece> {
    const wanted = this.#layout.pieces(start, end);
    let next = wanted.next();
    while (!next.done) {
      const { file, start: fileStart, length, position } = next.value;
      const piece = { file: this.#file(file), start: fileStart, length };
      next = wanted.next();
      const isLast = next.done === true || next.value.file !== file;
      yield { piece, from: Math.max(start - position, 0), to: Math.min(end - position, length), isLast };
      if (isLast) {
        this.#files.delete(file);
        this.#passed.add(file);
      }
      this.#opening ??= this.#openAll(position + length, end);
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#opening;
    await closeInTurn(this.#files.values());
  }

  #file(index: number): HeldFile {
    let file = this.#files.get(index);
    if (file === undefined) {
      file = HeldFile.closed(this.#layout.path(index), this.#layout.identity(index), this.#budget);
      this.#files.set(index, file);
    }
    return file;
  }

  /** Opens the files of the bytes from `start` to `end` ahead. Where that fails, who reads them will be told. */
  async #openAll(start: number, end: number): Promise<void> {
    const files = new Set<number>();
    for (const { file } of this.#layout.pieces(start, end)) files.add(file);
    try {
      for (const batch of this.#batches([...files])) {
        if (this.#isClosed) return;
        await this.#openBatch(batch);
      }
    } catch {
      // The disk hangs, or is gone.
    }
  }

  async #openBatch(files: readonly number[]): Promise<void> {
    const batch = files.filter((file) => !this.#passed.has(file));
    if (batch.length === 0) return;
    const paths = batch.map((file) => this.#layout.path(file));
    const opened = await this.#budget.files.openHeads(dirname(paths[0] as string), paths, 0, new ArrayBuffer(0));
    for (const [i, index] of batch.entries()) {
      const file = opened.files[i];
      if (file === undefined) continue;
      if (this.#passed.has(index)) await file.handle.close();
      else await this.#file(index).hold(file);
    }
  }

  /** Those of one folder together. */
  *#batches(files: readonly number[]): Generator<number[]> {
    let batch: number[] = [];
    let folder = "";
    for (const file of files) {
      const its = dirname(this.#layout.path(file));
      if (batch.length === OPENED_AT_ONCE || (batch.length > 0 && its !== folder)) {
        yield batch;
        batch = [];
      }
      folder = its;
      batch.push(file);
    }
    if (batch.length > 0) yield batch;
  }
}
