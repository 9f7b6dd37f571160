import { readFileSync } from "node:fs";
import { NotMountedError } from "./not-mounted-error.ts";

const MOUNTS = "/proc/self/mountinfo";

/** A file system and where it is mounted. */
export interface Mount {
  point: string;
  /** Differs when something else is mounted there. */
  identity: string;
}

/**
 * The current mounts, as the kernel lists them: this accesses no disk, so it never waits for one. Throws as read(2)
 * does.
 */
export function readMounts(): Mount[] {
  return parseMounts(readFileSync(MOUNTS, "utf8"));
}

/**
 * Parses a mountinfo file, see proc(5): the mount point is its fifth field, with octal escapes for blanks and the like.
 */
export function parseMounts(text: string): Mount[] {
  return text.split("\n").flatMap((line) => {
    const [id, , device, , field] = line.split(" ");
    return field === undefined ? [] : { point: withoutEscapes(field), identity: `${id} ${device}` };
  });
}

/**
 * The mount that holds an absolute path without symbolic links: the one with the longest mount point and, of several at
 * the same point, the last. Undefined when none of the mounts holds it.
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
 * Throws NotMountedError when one of the folders `required` holds one of `paths` (the path as given, and with symbolic
 * links resolved) but not its mount point: only a disk that is mounted at that folder, or below it, may be used.
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
