import { dirname } from "node:path";

/** What folders are made with: StoreFiles, or functions of node:fs/promises within an operation on the folder's disk. */
export interface FolderFunctions {
  mkdir(folder: string): Promise<unknown>;
  statFolder(folder: string): Promise<{ isDirectory(): boolean }>;
}

/**
 * Creates a folder and those above it that are missing. Returns the topmost that it made, undefined when the folder was there.
 * Throws the errors of mkdir(2), ENOTDIR where a file stands in the way, and ENOENT where a link points to nothing.
 *
 * In the place of mkdir with `recursive`, which never ends in a folder that takes no others, such as /proc: there mkdir(2)
 * answers ENOENT though the folder above is there, and Node (20 to 26) makes that one again, and tries again.
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
