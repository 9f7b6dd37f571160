import type { StoreFiles } from "../../shared/disk/store-files.ts";
import { dayFolder, quarantineFolder } from "../../shared/store/names.ts";
import type { DaySizes } from "./day-sizes.ts";
import { dayNames, type FootageQuery } from "./footage.ts";

/**
 * Bytes on disk of each camera in these directories, quarantine included. Folders that cannot be read are reported and
 * count as empty. Undefined when `mayGoOn`, called before each folder, returned false; what was measured is kept in
 * `sizes`.
 */
export async function bytesByCamera(
  files: StoreFiles,
  queries: readonly FootageQuery[],
  sizes: DaySizes,
  mayGoOn: () => boolean,
  onUnreadable: (folder: string, error: unknown) => void,
): Promise<Map<string, number> | undefined> {
  const held = new Map<string, number>();
  for (const { directory } of queries) {
    const days = await dayNames(files, directory, onUnreadable);
    for (const folder of [quarantineFolder(directory), ...days.map((day) => dayFolder(directory, day))]) {
      if (!mayGoOn()) return undefined;
      try {
        for (const [camera, { bytes }] of await sizes.read(folder)) held.set(camera, (held.get(camera) ?? 0) + bytes);
      } catch (error) {
        onUnreadable(folder, error);
      }
    }
  }
  return held;
}
