import { createReadStream } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { StoreFiles } from "../../shared/disk/store-files.ts";
import { makeDirectory } from "../../shared/store/durable.ts";
import { QUARANTINE_FOLDER, REAPED_FOLDER } from "../../shared/store/names.ts";
import { dayAtMs, isDay } from "../../shared/time/minute.ts";

/** `inodes`: the disk had bytes to spare, but could hold few more files. */
export type Reason = "age" | "space" | "inodes" | "size";

/** One deletion: a line of `{storage root}/.reaped/YYYYMMDD.jsonl`. */
export interface ReapedMinute {
  /** ISO 8601 UTC: the moment before the deletion. */
  at: string;
  camera: string;
  minute: string;
  directory: string;
  reason: Reason;
  /** It had chunks that were not converted, or was in quarantine. */
  unconverted: boolean;
  /** Names in the day folder, or with the prefix `quarantine/` in the quarantine folder. */
  files: string[];
}

/**
 * Remembers what the reaper deletes. A line is durable before the first file of its minute is deleted: a missing minute
 * can always be explained, and a line whose minute still exists means that the deletion failed or was interrupted.
 */
export class ReapedLog {
  readonly #files: StoreFiles;
  readonly #folder: string;
  /** Minutes whose deletion failed: they are tried again in each pass, but logged once. */
  readonly #told = new Set<string>();

  constructor(files: StoreFiles, storageRoot: string) {
    this.#files = files;
    this.#folder = join(storageRoot, REAPED_FOLDER);
  }

  /** Appends a line and makes it durable. Rejects with the errors of the file system. */
  async write(entry: ReapedMinute): Promise<void> {
    const key = keyOf(entry);
    if (this.#told.has(key)) return;
    const path = join(this.#folder, `${dayAtMs(Date.parse(entry.at))}.jsonl`);
    const isNew = (await this.#files.stat(path).catch(() => undefined)) === undefined;
    if (isNew) await makeDirectory(this.#files, this.#folder);
    const file = await this.#files.open(path, "a");
    try {
      // A line torn by a full disk or a power loss ends here, so that this one can be read.
      const text = `${JSON.stringify(entry)}\n`;
      const { size } = await file.stat();
      await file.appendFile(size > 0 && !(await this.#endsWithNewline(path, size)) ? `\n${text}` : text);
      await file.datasync();
    } finally {
      await file.close();
    }
    if (isNew) await this.#files.syncFolder(this.#folder);
    this.#told.add(key);
  }

  /** A minute is gone: if its name is ever used again, its deletion gets a new line. */
  forget(entry: ReapedMinute): void {
    this.#told.delete(keyOf(entry));
  }

  /** All deletions of a camera's minute that are still in the log, oldest first. */
  async find(camera: string, minute: string): Promise<ReapedMinute[]> {
    const found: ReapedMinute[] = [];
    for (const path of await this.#paths()) {
      for await (const line of createInterface({ input: createReadStream(path) })) {
        const entry = line.includes(minute) ? parseEntry(line) : undefined;
        if (entry?.camera === camera && entry.minute === minute) found.push(entry);
      }
    }
    return found;
  }

  /** The newest line: the deletion that a crash may have interrupted. */
  async newest(): Promise<ReapedMinute | undefined> {
    const path = (await this.#paths()).at(-1);
    if (path === undefined) return undefined;
    let newest: ReapedMinute | undefined;
    for await (const line of createInterface({ input: createReadStream(path) })) newest = parseEntry(line) ?? newest;
    return newest;
  }

  /** Removes the days of the log beyond the newest `keepDays`. */
  async prune(keepDays: number): Promise<void> {
    for (const path of (await this.#paths()).slice(0, -keepDays)) await this.#files.unlink(path);
  }

  async #endsWithNewline(path: string, size: number): Promise<boolean> {
    const file = await this.#files.open(path, "r");
    try {
      const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1);
      return buffer[0] === 0x0a;
    } finally {
      await file.close();
    }
  }

  /** Oldest day first. */
  async #paths(): Promise<string[]> {
    try {
      const names = (await this.#files.readdir(this.#folder)).filter(
        (name) => name.endsWith(".jsonl") && isDay(name.slice(0, -6)),
      );
      return names.sort().map((name) => join(this.#folder, name));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
      throw error;
    }
  }
}

function keyOf({ directory, camera, minute, reason, files }: ReapedMinute): string {
  return `${directory}\n${camera}.${minute}\n${reason}\n${files[0]?.startsWith(QUARANTINE_FOLDER)}`;
}

function parseEntry(line: string): ReapedMinute | undefined {
  try {
    const entry = JSON.parse(line) as Partial<ReapedMinute> | null;
    const isWhole = [entry?.at, entry?.camera, entry?.minute, entry?.directory, entry?.reason].every(
      (value) => typeof value === "string",
    );
    return isWhole && Array.isArray(entry?.files) ? (entry as ReapedMinute) : undefined;
  } catch {
    return undefined; // a torn line
  }
}
