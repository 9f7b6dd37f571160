import { basename, join } from "node:path";
import type { StoreFiles } from "../../shared/disk/store-files.ts";
import {
  dayFolder,
  parseFootageName,
  parseTemporaryName,
  QUARANTINE_FOLDER,
  quarantineFolder,
} from "../../shared/store/names.ts";
import { removeSpriteSheets } from "../../shared/store/sprite-sheet.ts";
import { dayOf } from "../../shared/time/minute.ts";
import type { FootageMinute, StoredFile } from "./footage.ts";
import type { ReapedLog } from "./reaped-log.ts";
import { type Removal, removeMinute } from "./remove-minute.ts";
import { minuteStateOf } from "./rules.ts";

/**
 * Finishes a deletion that a crash interrupted: some files of the minute in the log's newest line are gone, others
 * remain. A minute that is whole is kept, and so are files that changed since. Rejects with the errors of reading the
 * log.
 */
export async function finishInterrupted(
  storeFiles: StoreFiles,
  storageRoot: string,
  log: ReapedLog,
  nowMs: number,
): Promise<Removal | undefined> {
  const entry = await log.newest();
  if (entry === undefined) return undefined;
  const { directory, camera, minute } = entry;
  await removeSpriteSheets(storeFiles, storageRoot, camera, minute).catch(() => {}); // it can be generated again
  const files: StoredFile[] = [];
  for (const file of entry.files) {
    const name = basename(file);
    const isQuarantined = file === join(QUARANTINE_FOLDER, name);
    const footage = parseFootageName(isQuarantined ? name.replace(/\.json$/, "") : (parseTemporaryName(name) ?? name));
    if ((file !== name && !isQuarantined) || footage?.camera !== camera || footage.minute !== minute) return undefined;
    const folder = isQuarantined ? quarantineFolder(directory) : dayFolder(directory, dayOf(minute));
    const path = join(folder, name);
    const stats = await storeFiles.lstat(path).catch(() => undefined);
    if (stats === undefined) continue;
    if (stats.mtimeMs > Date.parse(entry.at)) return undefined;
    files.push({ path, kind: isQuarantined ? "quarantined" : name.startsWith(".") ? "temporary" : footage.kind });
  }
  const left: FootageMinute = { directory, camera, minute, files };
  if (files.length === 0 || files.length === entry.files.length) return undefined;
  if ((await minuteStateOf(storeFiles, left, nowMs)) === "untouchable") return undefined;
  return removeMinute(storeFiles, left, false);
}
