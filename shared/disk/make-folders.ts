import { dirname } from "node:path";
import { mkdir, stat } from "./files.ts";

/** What folders are made with: `node:fs/promises`, or the like of it that passes a disk's queue. */
export interface FolderMaker {
  mkdir(path: string): Promise<unknown>;
  stat(path: string): Promise<{ isDirectory(): boolean }>;
}

/**
 * Creates a folder and those above it that are missing. Returns the topmost that it made, undefined when the folder was there.
 * Throws the errors of mkdir(2), ENOTDIR where a file stands in the way, and ENOENT where a link points to nothing.
 *
 * In the place of mkdir with `recursive`, which never ends in a folder that takes no others, such as /proc: there mkdir(2)
 * answers ENOENT though the folder above is there, and Node (20 to 26) makes that one again, and tries again.
 */
export async function makeFolders(folder: string, maker: FolderMaker = { mkdir, stat }): Promise<string | undefined> {
  const above = dirname(folder);
  try {
    await maker.mkdir(folder);
    return folder;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return await checkFolder(folder, maker);
    if (codeOf(error) !== "ENOENT" || above === folder) throw error;
  }
  const madeAbove = await makeFolders(above, maker);
  try {
    await maker.mkdir(folder);
  } catch (error) {
    if (codeOf(error) === "ENOENT") throw failure("ENOENT", `no folder can be made in ${above}`);
    if (codeOf(error) !== "EEXIST") throw error; // another process was faster
  }
  return madeAbove ?? folder;
}

async function checkFolder(path: string, { stat }: FolderMaker): Promise<undefined> {
  const stats = await stat(path).catch((error: unknown) => {
    if (codeOf(error) === "ENOENT") throw failure("ENOENT", `${path} is a link to nothing`);
    throw error;
  });
  if (!stats.isDirectory()) throw failure("ENOTDIR", `${path} is not a folder`);
}

function failure(code: string, message: string): Error {
  return Object.assign(new Error(`${code}: ${message}`), { code });
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}
