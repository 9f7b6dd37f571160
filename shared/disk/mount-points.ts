import { readFileSync } from "node:fs";
import { NotMountedError } from "./not-mounted-error.ts";

const MOUNTS = "/proc/self/mountinfo";

/** A file system and where it is mounted. */
export interface Mount {
  point: string;
  /** Another one when something else is mounted there. */
  identity: string;
}

/** What is mounted, as the kernel tells it: that asks no disk, so it need not wait. Throws as read(2) does. */
export function readMounts(): Mount[] {
  return parseMounts(readFileSync(MOUNTS, "utf8"));
}

/** What a mountinfo file says, see proc(5): the mount point is its fifth field, with octal escapes for blanks and the like. */
export function parseMounts(text: string): Mount[] {
  return text.split("\n").flatMap((line) => {
    const [id, , device, , field] = line.split(" ");
    return field === undefined ? [] : { point: withoutEscapes(field), identity: `${id} ${device}` };
  });
}

/**
 * The mount that an absolute path without symbolic links lies on: that of the longest mount point and, of several on one
 * another, the last. Undefined when none is given that holds it.
 */
export function mountOf<M extends { point: string }>(path: string, mounts: Iterable<M>): M | undefined {
  let found: M | undefined;
  for (const mount of mounts) {
    if (isWithin(path, mount.point) && mount.point.length >= (found?.point.length ?? 0)) found = mount;
  }
  return found;
}

/** Whether a path is a folder or lies below it. */
export function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith("/") ? folder : `${folder}/`);
}

/**
 * Throws NotMountedError when one of the folders `required` holds what lies at `paths`, as it is called and without symbolic
 * links, but not the mount point that it lies on: only a disk that is mounted there, or below, may be used.
 */
export function checkMounted(paths: readonly string[], mountPoint: string, required: readonly string[]): void {
  for (const folder of required) {
    if (!isWithin(mountPoint, folder) && paths.some((path) => isWithin(path, folder)))
      throw new NotMountedError(folder);
  }
}

function withoutEscapes(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
