import { dirname } from "node:path";
import type { CachedLayout } from "./cached-layout.ts";
import { HeldFile, type OpenFileBudget } from "./held-file.ts";
import { closeInTurn, type RangeMedia, type WantedPiece } from "./range-media.ts";

/** Number of files that are opened in advance at a time. */
const OPENED_AT_ONCE = 32;

/**
 * The media of a range that was laid out before. The file with the first bytes is opened when they are needed. Once
 * the client has taken them, all other files of its request are opened, so that a minute that is deleted meanwhile
 * does not cut the download short. A client that seeks back and forth does not cause that work.
 */
export class CachedMedia implements RangeMedia {
  readonly #layout: CachedLayout;
  readonly #budget: OpenFileBudget;
  readonly #files = new Map<number, HeldFile>();
  /** The files that have been sent. */
  readonly #passed = new Set<number>();
  #isClosed = false;
  #opening: Promise<void> | undefined;

  constructor(layout: CachedLayout, budget: OpenFileBudget) {
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

  /** Opens the files of the bytes from `start` to `end` in advance. If that fails, reading them reports the error. */
  async #openAll(start: number, end: number): Promise<void> {
    const files = new Set<number>();
    for (const { file } of this.#layout.pieces(start, end)) files.add(file);
    try {
      for (const batch of this.#batches([...files])) {
        if (this.#isClosed) return;
        await this.#openBatch(batch);
      }
    } catch {
      // The disk hangs or is missing.
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

  /** Groups of files in the same folder. */
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
