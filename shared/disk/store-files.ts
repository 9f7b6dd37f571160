import { close } from "node:fs";
import * as fs from "node:fs/promises";
import { promisify } from "node:util";
import type { Disk, OperationKind } from "./disk.ts";
import { queuedHandle, readingHandle } from "./disk-handle.ts";
import { Disks } from "./disks.ts";
import { type FileIdentity, HeadThread } from "./head-thread.ts";

/** A regular file that was opened for reading, and its first bytes. */
export interface OpenHead {
  handle: fs.FileHandle;
  stats: FileIdentity;
  head: Buffer;
}

const closeDescriptor = promisify(close);

/**
 * The functions of node:fs/promises for everything in the store. Each call goes through the queue of the disk that it
 * accesses, so that a disk that hangs takes no more than its share of the process's few threads. Calls reject with
 * DiskHangsError within seconds instead of never, and with NotMountedError while nothing is mounted where
 * `Disks.requireMounts` demands it.
 *
 * Paths are absolute. Functions with Folder in their names, and those that are given a folder, follow links and use the
 * disk that holds the folder's content; all others use the disk that holds the entry itself. Files of the store are
 * never links.
 *
 * A process creates one instance when it starts, and passes it to all who need it.
 */
export class StoreFiles {
  readonly disks: Disks;
  readonly #headThreads = new WeakMap<Disk, HeadThread>();

  constructor(disks = new Disks()) {
    this.disks = disks;
  }

  readonly access = this.#onEntry("ask", fs.access);
  readonly lstat = this.#onEntry("ask", fs.lstat);
  readonly readFile = this.#onEntry("ask", fs.readFile);
  readonly stat = this.#onEntry("ask", fs.stat);
  readonly link = this.#onEntry("change", fs.link);
  /** Checks the mounts at this moment, so that no folder is created in place of a disk that has just been unmounted. */
  readonly mkdir = this.#onEntry("change", fs.mkdir, true);
  readonly rename = this.#onEntry("change", fs.rename);
  readonly rm = this.#onEntry("change", fs.rm);
  readonly rmdir = this.#onEntry("change", fs.rmdir);
  readonly unlink = this.#onEntry("change", fs.unlink);

  readonly accessFolder = this.#onFolder("ask", fs.access);
  readonly readdir = this.#onFolder("ask", fs.readdir);
  readonly realpathOfFolder = this.#onFolder("ask", fs.realpath);
  readonly statFolder = this.#onFolder("ask", fs.stat);
  readonly statfs = this.#onFolder("ask", fs.statfs);

  /** As `open` of node:fs/promises, for a file; operations on the handle go through the same queue. */
  async open(path: string, flags?: string | number): Promise<fs.FileHandle> {
    const disk = await this.disks.ofEntry(path);
    let isWanted = true;
    const opening = disk.run(mayWrite(flags) ? "change" : "ask", async () => {
      const handle = await fs.open(path, flags);
      if (!isWanted) await handle.close(); // answered, but too late
      return handle;
    });
    try {
      return queuedHandle(await opening, disk);
    } catch (error) {
      isWanted = false;
      throw error;
    }
  }

  /**
   * Makes durable what was created, renamed or removed in a folder, where its file system supports that: see
   * `Disk.syncFolder`.
   */
  async syncFolder(folder: string): Promise<void> {
    const disk = await this.disks.ofFolder(folder);
    await disk.run("sync", () => disk.syncFolder(folder));
  }

  /**
   * Opens many files of one folder for reading and reads the head of each, as one operation in a thread of the disk's
   * own: for hundreds of files this takes a fraction of the time of separate operations in the thread pool. Links are
   * not followed. The heads, of `headBytes` at most, are stored in `bytes`, which is transferred and comes back with
   * the answer. An element is undefined when the file could not be opened or read, or is not a regular file; opening it
   * again gives the error.
   */
  async openHeads(
    folder: string,
    paths: readonly string[],
    headBytes: number,
    bytes: ArrayBuffer,
  ): Promise<{ files: (OpenHead | undefined)[]; bytes: ArrayBuffer }> {
    const disk = await this.disks.ofFolder(folder);
    const thread = this.#headThreadOf(disk);
    let isWanted = true;
    const reading = disk.run("askMany", async () => {
      const answer = await thread.read(paths, headBytes, bytes);
      if (!isWanted) await Promise.all(answer.opened.map((file) => file && closeDescriptor(file.fd))); // too late
      return answer;
    });
    try {
      const answer = await reading;
      const files = answer.opened.map((file, i) => {
        if (file === undefined) return undefined;
        const head = Buffer.from(answer.bytes, i * headBytes, file.headBytes);
        return { handle: queuedHandle(readingHandle(file.fd), disk), stats: file.stats, head };
      });
      return { files, bytes: answer.bytes };
    } catch (error) {
      isWanted = false;
      throw error;
    }
  }

  /**
   * The current identities of many files of one folder (see `IDENTITY_NUMBERS`), as one operation in a thread of the
   * disk's own. Links are not followed.
   */
  async identitiesOf(folder: string, paths: readonly string[]): Promise<BigUint64Array> {
    const disk = await this.disks.ofFolder(folder);
    return disk.run("askMany", () => this.#headThreadOf(disk).identities(paths));
  }

  /** Yields the names in a folder, a few at a time; throws the errors of opendir(3) and readdir(3). */
  async *namesIn(folder: string): AsyncGenerator<string> {
    const disk = await this.disks.ofFolder(folder);
    const directory = await disk.run("ask", () => fs.opendir(folder));
    let reading: Promise<unknown> | undefined;
    try {
      for (;;) {
        const entry = await disk.run("ask", () => {
          const next = directory.read();
          reading = next.catch(() => {});
          return next;
        });
        if (entry === null) return;
        yield entry.name;
      }
    } finally {
      void disk.run("close", async () => {
        await reading;
        await directory.close();
      });
    }
  }

  #headThreadOf(disk: Disk): HeadThread {
    const thread = this.#headThreads.get(disk) ?? new HeadThread();
    this.#headThreads.set(disk, thread);
    return thread;
  }

  #onEntry<Call extends PathCall>(kind: OperationKind, call: Call, isFresh = false): Call {
    const run = async (path: string, ...rest: never[]) =>
      (await this.disks.ofEntry(path, isFresh)).run(kind, () => call(path, ...rest));
    return run as Call;
  }

  #onFolder<Call extends PathCall>(kind: OperationKind, call: Call): Call {
    const run = async (folder: string, ...rest: never[]) =>
      (await this.disks.ofFolder(folder)).run(kind, () => call(folder, ...rest));
    return run as Call;
  }
}

type PathCall = (path: string, ...rest: never[]) => Promise<unknown>;

function mayWrite(flags: string | number = "r"): boolean {
  return typeof flags === "string" ? flags !== "r" : (flags & (fs.constants.O_WRONLY | fs.constants.O_RDWR)) !== 0;
}
