import { constants, readSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { parentPort } from "node:worker_threads";
import type { HeadsAnswer, HeadsQuestion } from "./head-thread.ts";

// The thread of a HeadThread. A FIFO or a link in a file's place is neither waited for nor followed.

const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

parentPort?.on("message", async ({ id, paths, headBytes, bytes }: HeadsQuestion) => {
  const opened: HeadsAnswer["opened"] = [];
  let opening = openFile(paths[0]);
  for (let i = 0; i < paths.length; i++) {
    const handle = await opening;
    opening = openFile(paths[i + 1]); // by another thread, while this one reads
    opened.push(handle && (await readHead(handle, new Uint8Array(bytes, i * headBytes, headBytes))));
  }
  const handles = opened.flatMap((file) => (file === undefined ? [] : [file.handle]));
  parentPort?.postMessage({ id, bytes, opened } satisfies HeadsAnswer, [bytes, ...handles]);
});

async function openFile(path: string | undefined): Promise<FileHandle | undefined> {
  return path === undefined ? undefined : open(path, FLAGS).catch(() => undefined);
}

/** Closes a file that cannot be read. */
async function readHead(handle: FileHandle, head: Uint8Array): Promise<HeadsAnswer["opened"][number]> {
  try {
    return { handle, length: fill(handle.fd, head) };
  } catch {
    await handle.close();
    return undefined;
  }
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
