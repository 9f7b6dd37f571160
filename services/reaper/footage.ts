import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import {
  dayFolder,
  type FootageKind,
  isDayFolder,
  parseFootageName,
  parseTemporaryName,
} from "../../shared/store/names.ts";
import type { Minute } from "../../shared/time/minute.ts";

export interface FootageFile {
  path: string;
  /** A file that was being written aside when its writer died is "temporary". */
  kind: FootageKind | "temporary";
}

/** All files of one minute of one camera in one directory. */
export interface FootageMinute {
  camera: string;
  minute: Minute;
  files: FootageFile[];
}

/** One day in all directories that were asked for. */
export interface FootageDay {
  /** YYYYMMDD */
  day: string;
  folders: string[];
  /** Oldest first; within a minute by camera. */
  minutes: FootageMinute[];
}

export interface FootageQuery {
  directory: string;
  /** Days after this one, YYYYMMDD, are left out. */
  lastDay?: string;
}

/** Writing a minute aside takes seconds: what lies there for so long was left behind. */
const LEFT_BEHIND_MS = 3_600_000;

/**
 * The footage of several directories, oldest day first. Only the names of one day are in memory at a time. Folders that
 * cannot be read are passed to `onUnreadable` and left out; those that are not there hold no footage.
 */
export async function* daysOldestFirst(
  queries: readonly FootageQuery[],
  nowMs: number,
  onUnreadable: (folder: string, error: unknown) => void,
): AsyncGenerator<FootageDay> {
  const names = async (folder: string) => {
    try {
      return await readdir(folder);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") onUnreadable(folder, error);
      return [];
    }
  };
  const foldersByDay = new Map<string, Set<string>>();
  for (const { directory, lastDay } of queries) {
    for (const day of (await names(directory)).filter(isDayFolder)) {
      if (lastDay !== undefined && day > lastDay) continue;
      const folders = foldersByDay.get(day) ?? new Set();
      foldersByDay.set(day, folders.add(dayFolder(directory, day)));
    }
  }
  for (const day of [...foldersByDay.keys()].sort()) {
    const folders = [...(foldersByDay.get(day) ?? [])];
    const minutes: FootageMinute[] = [];
    for (const folder of folders) minutes.push(...(await groupByMinute(folder, day, await names(folder), nowMs)));
    minutes.sort((a, b) => compare(a.minute, b.minute) || compare(a.camera, b.camera));
    yield { day, folders, minutes };
  }
}

async function groupByMinute(
  folder: string,
  day: string,
  names: readonly string[],
  nowMs: number,
): Promise<FootageMinute[]> {
  const minutes = new Map<string, FootageMinute>();
  for (const fileName of names) {
    const finalName = parseTemporaryName(fileName);
    const footage = parseFootageName(finalName ?? fileName);
    // A file in another day's folder was put there by hand, and no part of the system looks for it there.
    if (footage === undefined || !footage.minute.startsWith(day)) continue;
    const path = join(folder, fileName);
    if (finalName !== undefined && !(await isLeftBehind(path, nowMs))) continue;
    const { camera, minute, kind } = footage;
    const key = `${camera}.${minute}`;
    const found = minutes.get(key) ?? { camera, minute, files: [] };
    found.files.push({ path, kind: finalName === undefined ? kind : "temporary" });
    minutes.set(key, found);
  }
  return [...minutes.values()];
}

async function isLeftBehind(path: string, nowMs: number): Promise<boolean> {
  const stats = await stat(path).catch(() => undefined);
  return stats !== undefined && nowMs - stats.mtimeMs > LEFT_BEHIND_MS;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
