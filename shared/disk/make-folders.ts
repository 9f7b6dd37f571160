import { dirname } from "node:path";

/**
 * The functions that create folders: StoreFiles, or functions of node:fs/promises within an operation on the folder's
 * disk.
 */
export interface FolderFunctions {
  mkdir(folder: string): Promise<unknown>;
  statFolder(folder: string): Promise<{ isDirectory(): boolean }>;
}

/**
 * Creates a folder and the missing ones above it. Returns the topmost one that it created, undefined when the folder
 * existed. Throws the errors of mkdir(2), ENOTDIR where a file is in the way, and ENOENT where a link points to
 * nothing.
 *
 * Replaces mkdir with `recursive`, which never ends in a folder that accepts no others, such as /proc: there mkdir(2)
 * fails with ENOENT although the folder above exists, and Node (20 to 26) creates that one again, and retries.
 */
export async function makeFolders(files: FolderFunctions, folder: string): Promise<string | undefined> {
  const above = dirname(folder);
  try {
    await files.mkdir(folder);
    return folder;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return await checkFolder(files, folder);
    if (codeOf(error) !== "ENOENT" || above === folder) throw error;
  }
  const madeAbove = await makeFolders(files, above);
  try {
    await files.mkdir(folder);
  } catch (error) {
    if (codeOf(error) === "ENOENT") throw failure("ENOENT", `no folder can be made in ${above}`);
    if (codeOf(error) !== "EEXIST") throw error; // another process was faster
  }
  return madeAbove ?? folder;
}

async function checkFolder(files: FolderFunctions, path: string): Promise<undefined> {
  const stats = await files.statFolder(path).catch((error: unknown) => {
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
