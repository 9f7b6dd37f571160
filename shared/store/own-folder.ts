import { isWithin } from "../disk/mount-points.ts";
import type { StoreFiles } from "../disk/store-files.ts";

/**
 * Whether a folder in a camera's directory really lies in it: a symbolic link in its place may lead to another folder
 * of that directory, but not out of it. The directory itself may be a link: whoever configures it chooses where it is.
 * Also true when there is no such folder. Throws the errors of lstat(2) and realpath(3).
 */
export async function isOwnFolder(files: StoreFiles, cameraDirectory: string, folder: string): Promise<boolean> {
  try {
    if (!(await files.lstat(folder)).isSymbolicLink()) return true;
    const [home, place] = await Promise.all([cameraDirectory, folder].map((each) => files.realpathOfFolder(each)));
    return isWithin(place as string, home as string);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return true;
    throw error;
  }
}

/** A symbolic link leads out of a camera's directory: nothing behind it is read, written or deleted. */
export class OutsideError extends Error {
  override name = "OutsideError";

  constructor(folder: string) {
    super(
      `${folder} is a link that leads out of the camera's directory, and is not followed: put a folder in its place`,
    );
  }
}
