import type { FileHandle } from "node:fs/promises";
import type { FileIdentity } from "../../../shared/disk/head-thread.ts";
import type { OpenHead, StoreFiles } from "../../../shared/disk/store-files.ts";
import { fileEntity, openRegularFile } from "../http/send-file.ts";

/** A file has changed since the range was laid out: the answer ends, since its bytes would be wrong. */
export class FootageChangedError extends Error {
  override name = "FootageChangedError";
}

/** The part of the budget that is reserved for files that will soon be deleted. */
const URGENT_SHARE = 1 / 5;

/** Opens the files of ranges, and limits how many of them all ranges together keep open while they are being sent. */
export class OpenFileBudget {
  readonly files: StoreFiles;
  readonly #urgent: number;
  #left: number;

  /** @param most maximum number of open files */
  constructor(files: StoreFiles, most: number) {
    this.files = files;
    this.#left = most;
    this.#urgent = Math.floor(most * URGENT_SHARE);
  }

  take(isUrgent = false): boolean {
    if (this.#left <= (isUrgent ? 0 : this.#urgent)) return false;
    this.#left--;
    return true;
  }

  giveBack(): void {
    this.#left++;
  }
}

/**
 * A file of a range. It is kept open from the reading of its index until its bytes are sent, so that these stay the
 * same even if the file is deleted or replaced. Files beyond the budget are closed and opened again, and must then be
 * the same.
 */
export class HeldFile {
  readonly path: string;
  readonly length: number;
  readonly #etag: string;
  readonly #budget: OpenFileBudget;
  #handle: FileHandle | undefined;
  #isCounted = false;
  /** It was closed for good: what is opened in advance comes too late. */
  #isOver = false;

  private constructor(
    path: string,
    handle: FileHandle | undefined,
    length: number,
    etag: string,
    budget: OpenFileBudget,
  ) {
    this.path = path;
    this.#handle = handle;
    this.length = length;
    this.#etag = etag;
    this.#budget = budget;
  }

  /** Opens a file. Undefined when there is no such file. Throws the errors of open(2). */
  static async open(path: string, budget: OpenFileBudget): Promise<HeldFile | undefined> {
    const file = await openRegularFile(budget.files, path);
    if (file === undefined) return undefined;
    return new HeldFile(path, file.handle, file.entity.length, file.entity.etag, budget);
  }

  /** For a regular file that is already open. */
  static of(path: string, { handle, stats }: OpenHead, budget: OpenFileBudget): HeldFile {
    const { length, etag } = fileEntity(stats);
    return new HeldFile(path, handle, length, etag, budget);
  }

  /** For a file that is opened when it is needed, and must then have this identity. */
  static closed(path: string, identity: FileIdentity, budget: OpenFileBudget): HeldFile {
    const { length, etag } = fileEntity(identity);
    return new HeldFile(path, undefined, length, etag, budget);
  }

  /** The open file. Throws FootageChangedError if it was opened again and has changed, and the errors of open(2). */
  async handle(): Promise<FileHandle> {
    if (this.#handle !== undefined) return this.#handle;
    const file = await openRegularFile(this.#budget.files, this.path);
    if (file === undefined) throw new FootageChangedError("a minute of the range was deleted");
    if (file.entity.etag !== this.#etag) {
      await file.handle.close();
      throw new FootageChangedError("a minute of the range was merged with a late part");
    }
    const ahead = this.#handle as FileHandle | undefined; // `hold` may have set it meanwhile
    if (ahead !== undefined) {
      await file.handle.close();
      return ahead;
    }
    this.#handle = file.handle;
    return file.handle;
  }

  /** Takes over the file, which was opened in advance: keeps it open if it has not changed and the budget allows it. */
  async hold({ handle, stats }: OpenHead): Promise<void> {
    const isWanted = !this.#isOver && this.#handle === undefined && fileEntity(stats).etag === this.#etag;
    if (!isWanted || !this.#budget.take()) return handle.close();
    this.#handle = handle;
    this.#isCounted = true;
  }

  /** Closes the file until it is needed, unless the budget lets it stay open. `isUrgent`: it will soon be deleted. */
  async keepIfAffordable(isUrgent: boolean): Promise<void> {
    this.#isCounted = this.#budget.take(isUrgent);
    await this.closeUnlessKept();
  }

  /** Closes the file, which may have been opened again, unless it is counted in the budget. */
  async closeUnlessKept(): Promise<void> {
    if (!this.#isCounted) await this.#closeHandle();
  }

  /** Closes the file for good. */
  async close(): Promise<void> {
    this.#isOver = true;
    await this.#closeHandle();
  }

  async #closeHandle(): Promise<void> {
    if (this.#isCounted) this.#budget.giveBack();
    this.#isCounted = false;
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }
}
