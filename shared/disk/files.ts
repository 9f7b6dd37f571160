import { close, fstat, read } from "node:fs";
import * as fs from "node:fs/promises";
import { dirname, extname } from "node:path";
import { promisify } from "node:util";
import type { DiskQueue, OperationKind } from "./disk-queue.ts";
import { DiskQueues } from "./disk-queues.ts";
import { isUnsupportedForFolders } from "./folder-sync.ts";
import { type FileIdentity, HeadThread } from "./head-thread.ts";

// The functions of node:fs/promises for all that lies in the store. Each passes the queue of the disk that it asks, so that a
// disk that hangs takes no more than its share of the process's few threads, and rejects with DiskHangsError in seconds
// instead of never, and with NotMountedError while nothing is mounted where `requireMounts` asks for it. For absolute paths.

/** One for the process, as are the threads that it shares out. */
const queues = new DiskQueues();

/** From now on what lies below one of these folders (`storage.mountPoints`) is there only while a disk is mounted at it. */
export function requireMounts(mountPoints: readonly string[]): void {
  queues.requireMounts(mountPoints);
}

/** `tell` is given, once for each, where a disk is mounted whose folders cannot be synced. */
export function onFoldersNotSynced(tell: (mountPoint: string) => void): void {
  queues.onFoldersNotSynced = tell;
}

/** Where the disks are mounted whose folders cannot be synced, as far as this process has tried. */
export function foldersNotSynced(): string[] {
  return queues.foldersNotSynced();
}

/** What a file's handle does, by the names of its methods. */
const HANDLE_KINDS: Record<string, OperationKind> = {
  read: "ask",
  readv: "ask",
  readFile: "ask",
  stat: "ask",
  write: "change",
  writev: "change",
  writeFile: "change",
  appendFile: "change",
  truncate: "change",
  utimes: "change",
  sync: "sync",
  datasync: "sync",
};

export const access = queued("ask", fs.access);
export const lstat = queued("ask", fs.lstat);
export const readdir = queued("ask", fs.readdir);
export const readFile = queued("ask", fs.readFile);
export const stat = queued("ask", fs.stat);
export const statfs = queued("ask", fs.statfs);
export const link = queued("change", fs.link);
/** Folders are made on the disk that is mounted at this moment: never in the place of one that has just gone. */
export const mkdir = queued("change", fs.mkdir, true);
export const rename = queued("change", fs.rename);
export const rm = queued("change", fs.rm);
export const rmdir = queued("change", fs.rmdir);
export const unlink = queued("change", fs.unlink);

/** As `open` of node:fs/promises; whatever is done with the handle passes the same queue. */
export async function open(path: string, flags?: string | number): Promise<fs.FileHandle> {
  const queue = await queueOf(path);
  let isWanted = true;
  const opening = queue.run(mayWrite(flags) ? "change" : "ask", async () => {
    const handle = await fs.open(path, flags);
    if (!isWanted) await handle.close(); // it was answered, but too late
    return handle;
  });
  try {
    return queuedHandle(await opening, queue);
  } catch (error) {
    isWanted = false;
    throw error;
  }
}

/**
 * fsync(2) of a folder. Where the file system has no such operation nothing is done: that is told once, and what was just
 * created, renamed or removed in the folder becomes durable when the file system sees fit. Throws the errors of open(2) and
 * fsync(2).
 */
export async function syncFolder(folder: string): Promise<void> {
  const queue = await queueOf(folder);
  const handle = await open(folder, "r");
  try {
    await handle.sync();
    queue.syncsFolders = true;
  } catch (error) {
    if (!isUnsupportedForFolders(error)) throw error;
    if (queue.syncsFolders) queues.onFoldersNotSynced(queue.mountPoint);
    queue.syncsFolders = false;
  } finally {
    await handle.close();
  }
}

/** A regular file that was opened for reading, and its first bytes. */
export interface OpenHead {
  handle: fs.FileHandle;
  stats: FileIdentity;
  head: Buffer;
}

const [readDescriptor, statDescriptor, closeDescriptor] = [promisify(read), promisify(fstat), promisify(close)];
const headThreads = new WeakMap<DiskQueue, HeadThread>();

/**
 * Opens many files of one folder for reading and reads the beginning of each, as one operation in a thread of the disk's
 * own: for hundreds of files that takes a fraction of what so many operations of the thread pool do. A link is not followed.
 * The heads, of `headBytes` at most, come to lie in `bytes`, which is taken away and comes back with the answer. Undefined
 * stands for what could not be opened or read, or is no regular file: who opens it again is told why.
 */
export async function openHeads(
  folder: string,
  paths: readonly string[],
  headBytes: number,
  bytes: ArrayBuffer,
): Promise<{ files: (OpenHead | undefined)[]; bytes: ArrayBuffer }> {
  const queue = await queueOf(folder);
  const thread = headThreadOf(queue);
  let isWanted = true;
  const reading = queue.run("askMany", async () => {
    const answer = await thread.read(paths, headBytes, bytes);
    if (!isWanted) await Promise.all(answer.opened.map((file) => file && closeDescriptor(file.fd))); // answered, but too late
    return answer;
  });
  try {
    const answer = await reading;
    const files = answer.opened.map((file, i) => {
      if (file === undefined) return undefined;
      const head = Buffer.from(answer.bytes, i * headBytes, file.headBytes);
      return { handle: queuedHandle(handleOf(file.fd), queue), stats: file.stats, head };
    });
    return { files, bytes: answer.bytes };
  } catch (error) {
    isWanted = false;
    throw error;
  }
}

/**
 * What many files of one folder are at this moment, as `IDENTITY_NUMBERS` tells, as one operation in a thread of the disk's own.
 * A link is not followed.
 */
export async function identitiesOf(folder: string, paths: readonly string[]): Promise<BigUint64Array> {
  const queue = await queueOf(folder);
  return queue.run("askMany", () => headThreadOf(queue).identities(paths));
}

function headThreadOf(queue: DiskQueue): HeadThread {
  const thread = headThreads.get(queue) ?? new HeadThread();
  headThreads.set(queue, thread);
  return thread;
}

function mayWrite(flags: string | number = "r"): boolean {
  return typeof flags === "string" ? flags !== "r" : (flags & (fs.constants.O_WRONLY | fs.constants.O_RDWR)) !== 0;
}

/** The names in a folder, a few at a time; throws the errors of opendir(3) and readdir(3). */
export async function* namesIn(folder: string): AsyncGenerator<string> {
  const queue = await queueOf(folder);
  const directory = await queue.run("ask", () => fs.opendir(folder));
  let reading: Promise<unknown> | undefined;
  try {
    for (;;) {
      const entry = await queue.run("ask", () => {
        const next = directory.read();
        reading = next.catch(() => {});
        return next;
      });
      if (entry === null) return;
      yield entry.name;
    }
  } finally {
    void queue.run("close", async () => {
      await reading;
      await directory.close();
    });
  }
}

/** Carries out something on the disk that a path lies on, in its queue, as one operation. */
export async function onDiskOf<Result>(
  path: string,
  kind: OperationKind,
  operation: () => Promise<Result>,
): Promise<Result> {
  return (await queueOf(path)).run(kind, operation);
}

/** Where the disk is mounted that a path lies on. Throws DiskHangsError where it cannot be told. */
export async function mountPointUnder(path: string): Promise<string> {
  return (await queueOf(path)).mountPoint;
}

/** Files of the store have an extension, and are no links; folders have none, and their links are followed. */
function queueOf(path: string, isFresh = false): Promise<DiskQueue> {
  return queues.of(extname(path) === "" ? path : dirname(path), isFresh);
}

function queued<Call extends (path: string, ...rest: never[]) => Promise<unknown>>(
  kind: OperationKind,
  call: Call,
  isFresh = false,
): Call {
  const run = async (path: string, ...rest: never[]) =>
    (await queueOf(path, isFresh)).run(kind, () => call(path, ...rest));
  return run as Call;
}

/** As a FileHandle, as far as one is needed to read; it must be closed, for nobody else does it. */
function handleOf(fd: number): fs.FileHandle {
  const handle: Pick<fs.FileHandle, "fd" | "close"> & { read: unknown; stat: unknown } = {
    fd,
    read: (buffer: Buffer, offset: number, length: number, position: number) =>
      readDescriptor(fd, buffer, offset, length, position),
    stat: () => statDescriptor(fd),
    close: () => closeDescriptor(fd),
  };
  return handle as fs.FileHandle;
}

/** What was given up may still be under way: the file is closed only behind it, so that its number is no other file's yet. */
function queuedHandle(handle: fs.FileHandle, queue: DiskQueue): fs.FileHandle {
  const underWay = new Set<Promise<unknown>>();
  const start = (operation: () => Promise<unknown>) => {
    const going = operation();
    underWay.add(going);
    const done = () => underWay.delete(going);
    going.then(done, done);
    return going;
  };
  return new Proxy(handle, {
    get(target, name) {
      const value = Reflect.get(target, name, target);
      if (name === "close") {
        return async () => {
          const close = () => queue.run("close", () => target.close());
          if (underWay.size === 0) await close();
          else void Promise.allSettled(underWay).then(close);
        };
      }
      const kind = HANDLE_KINDS[name as string];
      if (typeof value !== "function") return value;
      if (kind === undefined) return value.bind(target);
      return (...args: unknown[]) => queue.run(kind, () => start(() => value.apply(target, args)));
    },
  });
}
