import { constants, readSync } from "node:fs";
import { open } from "node:fs/promises";
import { parentPort } from "node:worker_threads";
import type { HeadsAnswer, HeadsQuestion } from "./head-thread.ts";

// The thread of a HeadThread. A FIFO or a link in a file's place is neither waited for nor followed.

const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

parentPort?.on("message", async ({ id, paths, headBytes, bytes }: HeadsQuestion) => {
  const opened: HeadsAnswer["opened"] = [];
  for (const [i, path] of paths.entries()) {
    opened.push(await openOne(path, new Uint8Array(bytes, i * headBytes, headBytes)));
  }
  const handles = opened.flatMap((file) => (file === undefined ? [] : [file.handle]));
  parentPort?.postMessage({ id, bytes, opened } satisfies HeadsAnswer, [bytes, ...handles]);
});

async function openOne(path: string, head: Uint8Array): Promise<HeadsAnswer["opened"][number]> {
  const handle = await open(path, FLAGS).catch(() => undefined);
  if (handle === undefined) return undefined;
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
