import { readFileSync } from "node:fs";

const MOUNTS = "/proc/self/mountinfo";

/** Where file systems are mounted, as the kernel tells it: that asks no disk, so it need not wait. Throws as read(2) does. */
export function readMountPoints(): string[] {
  return parseMountPoints(readFileSync(MOUNTS, "utf8"));
}

/** The mount points of a mountinfo file: proc(5), its fifth field, in which blanks and the like are octal escapes. */
export function parseMountPoints(text: string): string[] {
  return text.split("\n").flatMap((line) => {
    const field = line.split(" ")[4];
    return field === undefined ? [] : withoutEscapes(field);
  });
}

/** The mount point that an absolute path without symbolic links lies below: the longest one. */
export function mountPointOf(path: string, mountPoints: readonly string[]): string {
  let longest = "/";
  for (const point of mountPoints) {
    if (point.length > longest.length && (path === point || path.startsWith(`${point}/`))) longest = point;
  }
  return longest;
}

function withoutEscapes(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
