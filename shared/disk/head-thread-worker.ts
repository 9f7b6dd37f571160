import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { parentPort } from "node:worker_threads";
import type { HeadsAnswer, HeadsQuestion } from "./head-thread.ts";

// The thread of a HeadThread. What is no regular file is left to others; a link is not followed, nor a FIFO waited for.

const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

parentPort?.on("message", ({ id, paths, headBytes, bytes }: HeadsQuestion) => {
  const opened = paths.map((path, i) => openOne(path, new Uint8Array(bytes, i * headBytes, headBytes)));
  parentPort?.postMessage({ id, bytes, opened } satisfies HeadsAnswer, [bytes]);
});

function openOne(path: string, head: Uint8Array): HeadsAnswer["opened"][number] {
  let fd: number | undefined;
  try {
    fd = openSync(path, FLAGS);
    const stats = fstatSync(fd, { bigint: true });
    const { ino, size, mtimeNs } = stats;
    if (stats.isFile()) return { fd, stats: { ino, size, mtimeNs }, headBytes: fill(fd, head) };
  } catch {
    // Whoever opens it again is told why.
  }
  if (fd !== undefined) closeSync(fd);
  return undefined;
}

/** How many bytes it has read: fewer than fit where the file ends before. */
function fill(fd: number, head: Uint8Array): number {
  let filled = 0;
  while (filled < head.length) {
    const count = readSync(fd, head, filled, head.length - filled, filled);
    if (count === 0) break;
    filled += count;
  }
  return filled;
}
