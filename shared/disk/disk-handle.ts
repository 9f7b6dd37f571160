import { close, fstat, read } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { promisify } from "node:util";
import type { Disk, OperationKind } from "./disk.ts";

/** Kind of operation for each method of a file handle. */
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

const [readDescriptor, statDescriptor, closeDescriptor] = [promisify(read), promisify(fstat), promisify(close)];

/**
 * A handle whose operations go through the disk's queue. An operation that was given up may still be under way: the
 * file is closed only after it, so that no other file gets its descriptor before.
 */
export function queuedHandle(handle: FileHandle, disk: Disk): FileHandle {
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
          const close = () => disk.run("close", () => target.close());
          if (underWay.size === 0) await close();
          else void Promise.allSettled(underWay).then(close);
        };
      }
      const kind = HANDLE_KINDS[name as string];
      if (typeof value !== "function") return value;
      if (kind === undefined) return value.bind(target);
      return (...args: unknown[]) => disk.run(kind, () => start(() => value.apply(target, args)));
    },
  });
}

/**
 * A file handle with the methods that are needed for reading. It must be closed: nothing else closes the descriptor.
 */
export function readingHandle(fd: number): FileHandle {
  const handle: Pick<FileHandle, "fd" | "close"> & { read: unknown; stat: unknown } = {
    fd,
    read: (buffer: Buffer, offset: number, length: number, position: number) =>
      readDescriptor(fd, buffer, offset, length, position),
    stat: () => statDescriptor(fd),
    close: () => closeDescriptor(fd),
  };
  return handle as FileHandle;
}
