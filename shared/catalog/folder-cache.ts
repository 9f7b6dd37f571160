import type { StoreFiles } from "../disk/store-files.ts";
import { type FolderVersion, folderVersion, hasSettled } from "./folder-version.ts";

interface Entry<Value> {
  version: FolderVersion;
  value: Value;
}

/**
 * Caches what was read from folders until they change: each call costs one stat(2), and the folder is read only if it
 * has changed. The least recently used entries are dropped when there are more than `capacity`.
 */
export class FolderCache<Value> {
  readonly #files: StoreFiles;
  readonly #read: (folder: string, owner: string) => Promise<Value>;
  readonly #capacity: number;
  /** In order of use, the least recent first. */
  readonly #entries = new Map<string, Entry<Value>>();
  readonly #reading = new Map<string, Promise<Value>>();
  /** How often a folder was read, for metrics and tests. */
  reads = 0;

  constructor(files: StoreFiles, capacity: number, read: (folder: string, owner: string) => Promise<Value>) {
    this.#files = files;
    this.#capacity = capacity;
    this.#read = read;
  }

  /**
   * Returns what `read` made of the current folder for `owner` (cameras may share a folder); undefined when there is no
   * such folder. Throws what reading throws.
   */
  async get(folder: string, owner = ""): Promise<Value | undefined> {
    const key = `${owner}\n${folder}`;
    const version = await folderVersion(this.#files, folder);
    if (version === undefined) {
      this.#entries.delete(key);
      return undefined;
    }
    const entry = this.#entries.get(key);
    if (entry !== undefined && entry.version.key === version.key) {
      this.#entries.delete(key);
      this.#entries.set(key, entry);
      return entry.value;
    }
    return this.#readOnce(key, version, () => this.#read(folder, owner));
  }

  /** Calls that come while the same version of a folder is being read share that read. */
  #readOnce(key: string, version: FolderVersion, read: () => Promise<Value>): Promise<Value> {
    const settled = hasSettled(version, Date.now());
    const readingKey = `${version.key}\n${key}`;
    const underWay = settled ? this.#reading.get(readingKey) : undefined;
    if (underWay !== undefined) return underWay;
    this.reads++;
    const reading = read()
      .then((value) => {
        if (settled) this.#keep(key, { version, value });
        return value;
      })
      .finally(() => this.#reading.delete(readingKey));
    if (settled) this.#reading.set(readingKey, reading);
    return reading;
  }

  #keep(key: string, entry: Entry<Value>): void {
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#capacity) break;
      this.#entries.delete(oldest);
    }
  }
}
