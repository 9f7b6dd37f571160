import type { FileHandle } from "node:fs/promises";
import type { FileIdentity } from "../../../shared/disk/head-thread.ts";
import type { OpenHead, StoreFiles } from "../../../shared/disk/store-files.ts";
import { fileEntity, openRegularFile } from "../http/send-file.ts";

/** A file is no longer what it was when the range was laid out: the answer ends rather than be wrong. */
export class FootageChangedError extends Error {
  override name = "FootageChangedError";
}

/** Of the budget, what is left to files that will soon be deleted: those need it most. */
const URGENT_SHARE = 1 / 5;

/** What opens the files of ranges, and how many of them all ranges together may hold open while they are being sent. */
export class OpenFileBudget {
  readonly files: StoreFiles;
  readonly #urgent: number;
  #left: number;

  /** @param most how many may be open */
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
 * A file of a range. It is held open from when its index was read until its bytes are sent, so that they stay what they
 * were though the file be deleted or replaced; files beyond the budget are opened again, and must then be the same.
 */
export class HeldFile {
  readonly path: string;
  readonly length: number;
  readonly #etag: string;
  readonly #budget: OpenFileBudget;
  #handle: FileHandle | undefined;
  #isCounted = false;

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

  /** Undefined when there is no such file. Throws the errors of open(2). */
  static async open(path: string, budget: OpenFileBudget): Promise<HeldFile | undefined> {
    const file = await openRegularFile(budget.files, path);
    if (file === undefined) return undefined;
    return new HeldFile(path, file.handle, file.entity.length, file.entity.etag, budget);
  }

  /** A regular file that is open already. */
  static of(path: string, { handle, stats }: OpenHead, budget: OpenFileBudget): HeldFile {
    const { length, etag } = fileEntity(stats);
    return new HeldFile(path, handle, length, etag, budget);
  }

  /** A file that is opened when it is wanted; it must then be the same. */
  static closed(path: string, identity: FileIdentity, budget: OpenFileBudget): HeldFile {
    const { length, etag } = fileEntity(identity);
    return new HeldFile(path, undefined, length, etag, budget);
  }

  /** The open file. Throws FootageChangedError when it had to be opened again and is another, and the errors of open(2). */
  async handle(): Promise<FileHandle> {
    if (this.#handle !== undefined) return this.#handle;
    const file = await openRegularFile(this.#budget.files, this.path);
    if (file === undefined) throw new FootageChangedError("a minute of the range was deleted");
    if (file.entity.etag !== this.#etag) {
      await file.handle.close();
      throw new FootageChangedError("a minute of the range was merged with a late part");
    }
    const ahead = this.#handle as FileHandle | undefined; // it may have been opened meanwhile
    if (ahead !== undefined) {
      await file.handle.close();
      return ahead;
    }
    this.#handle = file.handle;
    return file.handle;
  }

  /** Takes over the file, which was opened ahead: it stays open if it is the same, and the budget lets it. */
  async hold({ handle, stats }: OpenHead): Promise<void> {
    const isWanted = this.#handle === undefined && fileEntity(stats).etag === this.#etag && this.#budget.take();
    if (!isWanted) return handle.close();
    this.#handle = handle;
    this.#isCounted = true;
  }

  /** Closes the file until it is wanted again, unless the budget lets it stay open; `isUrgent`: it will soon be deleted. */
  async keepIfAffordable(isUrgent: boolean): Promise<void> {
    this.#isCounted = this.#budget.take(isUrgent);
    await this.closeUnlessKept();
  }

  /** Closes the file, which may have been opened again, unless the budget lets it stay open. */
  async closeUnlessKept(): Promise<void> {
    if (!this.#isCounted) await this.close();
  }

  async close(): Promise<void> {
    if (this.#isCounted) this.#budget.giveBack();
    this.#isCounted = false;
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }
}
