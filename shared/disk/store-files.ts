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
 * The functions of node:fs/promises for all that lies in the store. Each passes the queue of the disk that it asks, so that a
 * disk that hangs takes no more than its share of the process's few threads, and rejects with DiskHangsError in seconds
 * instead of never, and with NotMountedError while nothing is mounted where `Disks.requireMounts` asks for it.
 *
 * Paths are absolute. Whose name says Folder, or who is given a folder, follows links and asks the disk that holds what is in
 * the folder; all others ask the disk that holds what the path names. Files of the store are no links.
 *
 * A process makes one, where it starts, and gives it to whoever needs it.
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
  /** Folders are made on the disk that is mounted at this moment: never in the place of one that has just gone. */
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

  /** As `open` of node:fs/promises, of a file; whatever is done with the handle passes the same queue. */
  async open(path: string, flags?: string | number): Promise<fs.FileHandle> {
    const disk = await this.disks.ofEntry(path);
    let isWanted = true;
    const opening = disk.run(mayWrite(flags) ? "change" : "ask", async () => {
      const handle = await fs.open(path, flags);
      if (!isWanted) await handle.close(); // it was answered, but too late
      return handle;
    });
    try {
      return queuedHandle(await opening, disk);
    } catch (error) {
      isWanted = false;
      throw error;
    }
  }

  /** Makes durable what was created, renamed or removed in a folder, as far as its file system can: see `Disk.syncFolder`. */
  async syncFolder(folder: string): Promise<void> {
    const disk = await this.disks.ofFolder(folder);
    await disk.run("sync", () => disk.syncFolder(folder));
  }

  /**
   * Opens many files of one folder for reading and reads the beginning of each, as one operation in a thread of the disk's
   * own: for hundreds of files that takes a fraction of what so many operations of the thread pool do. A link is not followed.
   * The heads, of `headBytes` at most, come to lie in `bytes`, which is taken away and comes back with the answer. Undefined
   * stands for what could not be opened or read, or is no regular file: who opens it again is told why.
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
      if (!isWanted) await Promise.all(answer.opened.map((file) => file && closeDescriptor(file.fd))); // answered, but too late
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
   * What many files of one folder are at this moment, as `IDENTITY_NUMBERS` tells, as one operation in a thread of the disk's
   * own. A link is not followed.
   */
  async identitiesOf(folder: string, paths: readonly string[]): Promise<BigUint64Array> {
    const disk = await this.disks.ofFolder(folder);
    return disk.run("askMany", () => this.#headThreadOf(disk).identities(paths));
  }

  /** The names in a folder, a few at a time; throws the errors of opendir(3) and readdir(3). */
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
