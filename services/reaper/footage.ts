import { basename, dirname, join } from "node:path";
import type { StoreFiles } from "../../shared/disk/store-files.ts";
import { isLeftBehind } from "../../shared/store/durable.ts";
import {
  dayFolder,
  type FootageKind,
  isDayFolder,
  parseFootageName,
  parseTemporaryName,
  QUARANTINE_FOLDER,
  quarantineFolder,
} from "../../shared/store/names.ts";
import { isOwnFolder, OutsideError } from "../../shared/store/own-folder.ts";
import type { Minute } from "../../shared/time/minute.ts";

export interface StoredFile {
  path: string;
  /**
   * "temporary": left by a writer that died before its rename; "quarantined": a chunk, or the note of why it is there.
   */
  kind: FootageKind | "temporary" | "quarantined";
}

/** All files of one minute of one camera in one day folder, or in quarantine. */
export interface FootageMinute {
  /** The camera directory that holds the day folder. */
  directory: string;
  camera: string;
  minute: Minute;
  files: StoredFile[];
}

/** One day of all directories of the query. */
export interface FootageDay {
  /** YYYYMMDD */
  day: string;
  folders: string[];
  /** Oldest first; within a minute by camera. */
  minutes: AsyncIterable<FootageMinute>;
}

export interface FootageQuery {
  directory: string;
  /** Days after this one, YYYYMMDD, are left out. */
  lastDay?: string;
}

/**
 * The footage of several directories, oldest day first. Only the names of one day are in memory at a time. Folders that
 * cannot be read are passed to `onUnreadable` and left out; missing folders count as empty.
 */
export async function* daysOldestFirst(
  files: StoreFiles,
  queries: readonly FootageQuery[],
  nowMs: number,
  onUnreadable: (folder: string, error: unknown) => void,
): AsyncGenerator<FootageDay> {
  const foldersByDay = new Map<string, Set<string>>();
  for (const { directory, lastDay } of queries) {
    for (const day of await dayNames(files, directory, onUnreadable)) {
      if (lastDay !== undefined && day > lastDay) continue;
      if (!(await isOwn(files, directory, dayFolder(directory, day), onUnreadable))) continue;
      const folders = foldersByDay.get(day) ?? new Set();
      foldersByDay.set(day, folders.add(dayFolder(directory, day)));
    }
  }
  const quarantined = await quarantinedByDay(files, queries, onUnreadable);
  for (const day of [...new Set([...foldersByDay.keys(), ...quarantined.keys()])].sort()) {
    const folders = [...(foldersByDay.get(day) ?? [])];
    const buckets = new Map<string, FolderNames>();
    for (const folder of folders) addToBuckets(buckets, folder, day, await namesIn(files, folder, onUnreadable));
    for (const [folder, names] of quarantined.get(day) ?? []) addToBuckets(buckets, folder, day, names);
    yield { day, folders, minutes: minutesOf(files, buckets, nowMs) };
  }
}

/** False where a symbolic link leads out of the camera's directory: nothing there is ours to delete. */
async function isOwn(
  files: StoreFiles,
  directory: string,
  folder: string,
  onUnreadable: (folder: string, error: unknown) => void,
): Promise<boolean> {
  try {
    if (await isOwnFolder(files, directory, folder)) return true;
    throw new OutsideError(folder);
  } catch (error) {
    onUnreadable(folder, error);
    return false;
  }
}

/** File names by folder. */
type FolderNames = Map<string, string[]>;

/** The files in quarantine, by day and folder: normally few. */
async function quarantinedByDay(
  files: StoreFiles,
  queries: readonly FootageQuery[],
  onUnreadable: (folder: string, error: unknown) => void,
): Promise<Map<string, FolderNames>> {
  const byDay = new Map<string, FolderNames>();
  for (const { directory, lastDay } of queries) {
    const folder = quarantineFolder(directory);
    if (!(await isOwn(files, directory, folder, onUnreadable))) continue;
    for (const name of await namesIn(files, folder, onUnreadable)) {
      const day = name.split(".")[1] ?? "";
      if (!isDayFolder(day) || (lastDay !== undefined && day > lastDay)) continue;
      const folders = byDay.get(day) ?? new Map<string, string[]>();
      byDay.set(day, folders);
      folders.set(folder, [...(folders.get(folder) ?? []), name]);
    }
  }
  return byDay;
}

/**
 * Sorts names by the minute in them. A day of many cameras has a hundred thousand names, so they are parsed fully, and
 * their paths built, only when their minute is visited. A file in another day's folder was put there by hand, and no
 * part of the system looks for it there.
 */
function addToBuckets(buckets: Map<string, FolderNames>, folder: string, day: string, names: readonly string[]): void {
  for (const name of names) {
    const at = name.indexOf(`.${day}.`);
    if (at === -1) continue;
    const minute = name.slice(at + 1, at + day.length + 6);
    const bucket = buckets.get(minute) ?? new Map<string, string[]>();
    buckets.set(minute, bucket);
    const known = bucket.get(folder);
    if (known === undefined) bucket.set(folder, [name]);
    else known.push(name);
  }
}

async function* minutesOf(
  files: StoreFiles,
  buckets: ReadonlyMap<string, FolderNames>,
  nowMs: number,
): AsyncGenerator<FootageMinute> {
  for (const minute of [...buckets.keys()].sort()) {
    const found: FootageMinute[] = [];
    for (const [folder, names] of buckets.get(minute) ?? [])
      found.push(...(await groupByCamera(files, folder, minute, names, nowMs)));
    yield* found.sort((a, b) => compare(a.camera, b.camera));
  }
}

/** The days, YYYYMMDD, for which a camera directory has a folder. */
export async function dayNames(
  files: StoreFiles,
  directory: string,
  onUnreadable: (folder: string, error: unknown) => void,
): Promise<string[]> {
  return (await namesIn(files, directory, onUnreadable)).filter(isDayFolder);
}

async function namesIn(
  files: StoreFiles,
  folder: string,
  onUnreadable: (folder: string, error: unknown) => void,
): Promise<string[]> {
  try {
    return await files.readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") onUnreadable(folder, error);
    return [];
  }
}

async function groupByCamera(
  files: StoreFiles,
  folder: string,
  minute: Minute,
  names: readonly string[],
  nowMs: number,
): Promise<FootageMinute[]> {
  const cameras = new Map<string, FootageMinute>();
  const isQuarantine = basename(folder) === QUARANTINE_FOLDER;
  for (const fileName of names) {
    const finalName = isQuarantine ? fileName.replace(/\.json$/, "") : parseTemporaryName(fileName);
    const footage = parseFootageName(finalName ?? fileName);
    if (footage === undefined || footage.minute !== minute) continue;
    const path = join(folder, fileName);
    if (finalName !== undefined && !isQuarantine) {
      const stats = await files.stat(path).catch(() => undefined);
      if (stats === undefined || !isLeftBehind(stats, nowMs)) continue;
    }
    const { camera } = footage;
    const kind = isQuarantine ? "quarantined" : finalName === undefined ? footage.kind : "temporary";
    const found = cameras.get(camera) ?? { directory: dirname(folder), camera, minute, files: [] };
    found.files.push({ path, kind });
    cameras.set(camera, found);
  }
  return [...cameras.values()];
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
