import { readFileSync } from "node:fs";

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

/** Where file systems are mounted. Throws as `readMounts` does. */
export function readMountPoints(): string[] {
  return readMounts().map(({ point }) => point);
}

/** What a mountinfo file says, see proc(5): the mount point is its fifth field, with octal escapes for blanks and the like. */
export function parseMounts(text: string): Mount[] {
  return text.split("\n").flatMap((line) => {
    const [id, , device, , field] = line.split(" ");
    return field === undefined ? [] : { point: withoutEscapes(field), identity: `${id} ${device}` };
  });
}

/** The mount point that an absolute path without symbolic links lies below: the longest one. */
export function mountPointOf(path: string, mountPoints: Iterable<string>): string {
  let longest = "/";
  for (const point of mountPoints) {
    if (point.length > longest.length && (path === point || path.startsWith(`${point}/`))) longest = point;
  }
  return longest;
}

function withoutEscapes(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
