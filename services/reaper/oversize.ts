import { dayFolder } from "../../shared/store/names.ts";
import type { DaySizes } from "./day-sizes.ts";
import { dayNames, type FootageQuery } from "./footage.ts";

/** Bytes on the disk of each camera in these directories. What cannot be read is passed on, and counts nothing. */
export async function bytesByCamera(
  queries: readonly FootageQuery[],
  sizes: DaySizes,
  onUnreadable: (folder: string, error: unknown) => void,
): Promise<Map<string, number>> {
  const held = new Map<string, number>();
  for (const { directory } of queries) {
    for (const day of await dayNames(directory, onUnreadable)) {
      const folder = dayFolder(directory, day);
      try {
        for (const [camera, bytes] of await sizes.read(folder)) held.set(camera, (held.get(camera) ?? 0) + bytes);
      } catch (error) {
        onUnreadable(folder, error);
      }
    }
  }
  return held;
}
