import { lstat } from "node:fs/promises";
import { basename, join } from "node:path";
import { dayFolder, parseFootageName, parseTemporaryName } from "../../shared/store/names.ts";
import { dayOf } from "../../shared/time/minute.ts";
import type { FootageFile, FootageMinute } from "./footage.ts";
import type { ReapedLog } from "./reaped-log.ts";
import { type Removal, removeMinute } from "./remove-minute.ts";
import { conditionOf } from "./rules.ts";

/**
 * Finishes a deletion that a crash cut short: of the minute in the log's newest line some files are gone and others are not.
 * A minute that is whole stays, and so do files that changed since. Rejects with the errors of reading the log.
 */
export async function finishInterrupted(log: ReapedLog, nowMs: number): Promise<Removal | undefined> {
  const entry = await log.newest();
  if (entry === undefined) return undefined;
  const { directory, camera, minute } = entry;
  const files: FootageFile[] = [];
  for (const name of entry.files) {
    const footage = parseFootageName(parseTemporaryName(name) ?? name);
    if (name !== basename(name) || footage?.camera !== camera || footage.minute !== minute) return undefined;
    const path = join(dayFolder(directory, dayOf(minute)), name);
    const stats = await lstat(path).catch(() => undefined);
    if (stats === undefined) continue;
    if (stats.mtimeMs > Date.parse(entry.at)) return undefined;
    files.push({ path, kind: name.startsWith(".") ? "temporary" : footage.kind });
  }
  const left: FootageMinute = { directory, camera, minute, files };
  if (files.length === 0 || files.length === entry.files.length) return undefined;
  if ((await conditionOf(left, nowMs)) === "untouchable") return undefined;
  return removeMinute(left, false);
}
