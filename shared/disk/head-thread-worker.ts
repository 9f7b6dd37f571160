import { closeSync, constants, fstatSync, lstatSync, openSync, readSync } from "node:fs";
import { parentPort } from "node:worker_threads";
import {
  type HeadsAnswer,
  type HeadsQuestion,
  IDENTITY_NUMBERS,
  type IdentitiesAnswer,
  type IdentitiesQuestion,
} from "./head-thread.ts";

// The thread of a HeadThread. Only regular files are read; links are not followed, and FIFOs not waited for.

const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

parentPort?.on("message", (question: HeadsQuestion | IdentitiesQuestion) => {
  if (question.kind === "heads") openHeads(question);
  else sendIdentities(question);
});

function openHeads({ id, paths, headBytes, bytes }: HeadsQuestion): void {
  const opened = paths.map((path, i) => openOne(path, new Uint8Array(bytes, i * headBytes, headBytes)));
  parentPort?.postMessage({ id, bytes, opened } satisfies HeadsAnswer, [bytes]);
}

function sendIdentities({ id, paths }: IdentitiesQuestion): void {
  const identities = new BigUint64Array(paths.length * IDENTITY_NUMBERS);
  for (const [i, path] of paths.entries()) {
    try {
      const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false });
      if (stats?.isFile() === true) identities.set([stats.ino, stats.size, stats.mtimeNs], i * IDENTITY_NUMBERS);
    } catch {
      // The caller gets the error when it opens the file.
    }
  }
  parentPort?.postMessage({ id, identities } satisfies IdentitiesAnswer, [identities.buffer]);
}

function openOne(path: string, head: Uint8Array): HeadsAnswer["opened"][number] {
  let fd: number | undefined;
  try {
    fd = openSync(path, FLAGS);
    const stats = fstatSync(fd, { bigint: true });
    const { ino, size, mtimeNs } = stats;
    if (stats.isFile()) return { fd, stats: { ino, size, mtimeNs }, headBytes: fill(fd, head) };
  } catch {
    // The caller gets the error when it opens the file again.
  }
  if (fd !== undefined) closeSync(fd);
  return undefined;
}

/** Fills `head` from the start of the file. Returns the number of bytes read: fewer where the file ends before. */
function fill(fd: number, head: Uint8Array): number {
  let filled = 0;
  while (filled < head.length) {
    const count = readSync(fd, head, filled, head.length - filled, filled);
    if (count === 0) break;
    filled += count;
  }
  return filled;
}
