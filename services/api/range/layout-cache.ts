import { dirname } from "node:path";
import { type FootageDays, findMinutes } from "../../../shared/catalog/find-minutes.ts";
import type { StoreFiles } from "../../../shared/disk/store-files.ts";
import type { CachedLayout } from "./cached-layout.ts";
import { CatalogAnswers } from "./catalog-answers.ts";
import type { RangeRequest } from "./range-request.ts";

/** What the cache keeps of a range that was laid out. */
export interface CacheableRange {
  layout: CachedLayout;
  /** The answers of the catalog when the range was laid out. */
  answers: CatalogAnswers;
  index: readonly Buffer[];
}

interface Entry {
  readonly layout: CachedLayout;
  readonly answers: CatalogAnswers;
  index: readonly Buffer[] | undefined;
}

/** Maximum size of the cache, bytes of memory. */
export interface CacheLimits {
  indexBytes: number;
  layoutBytes: number;
}

/** Room for the index of a day of 25 pictures a second and some shorter ones, and for layouts of four weeks. */
export const CACHE_LIMITS: CacheLimits = { indexBytes: 16 * 1024 * 1024, layoutBytes: 2 * 1024 * 1024 };
/** The size of a day's index from the catalog. */
const DAY_BYTES = 2048;

/**
 * A cache of ranges that were laid out, so that a client that seeks in a range, or requests it again, does not wait
 * for another layout. A range is returned only if everything that it was made from is unchanged: the folders have not
 * changed, or they hold the same files by inode, size and time. When the cache is full, the least recently used ranges
 * are dropped; their indexes, which are large, have a limit of their own.
 */
export class LayoutCache {
  readonly #files: StoreFiles;
  readonly #catalog: FootageDays;
  readonly #limits: CacheLimits;
  /** In order of use, the least recent first. */
  readonly #entries = new Map<string, Entry>();
  #indexBytes = 0;
  #layoutBytes = 0;

  constructor(files: StoreFiles, catalog: FootageDays, limits: CacheLimits = CACHE_LIMITS) {
    this.#files = files;
    this.#catalog = catalog;
    this.#limits = limits;
  }

  /** The size of the cache, bytes of memory. */
  get bytes(): number {
    return this.#indexBytes + this.#layoutBytes;
  }

  /** Number of ranges in the cache. */
  get size(): number {
    return this.#entries.size;
  }

  /** Keeps a range, replacing what was kept of it. */
  keep(request: RangeRequest, kept: CacheableRange): void {
    const key = keyOf(request);
    this.#drop(key);
    const hasIndex = kept.layout.facts.indexBytes <= this.#limits.indexBytes;
    this.#add(key, { ...kept, index: hasIndex ? kept.index : undefined });
    this.#bound();
  }

  /** The layout of a range, if all that it was made from is unchanged. Throws the errors of readdir(3) and stat(2). */
  async find(request: RangeRequest): Promise<CachedLayout | undefined> {
    const key = keyOf(request);
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    const isUnchanged = await entry.answers.areUnchanged(request.camera);
    const answers = isUnchanged ? entry.answers : await this.#sameFiles(request, entry);
    if (this.#entries.get(key) !== entry) return undefined; // it was replaced or dropped meanwhile
    this.#drop(key);
    if (answers === undefined) return undefined;
    this.#add(key, { ...entry, answers });
    return entry.layout;
  }

  /** The index of a range, if it is kept and has this tag. */
  index(request: RangeRequest, etag: string): readonly Buffer[] | undefined {
    const entry = this.#entries.get(keyOf(request));
    return entry?.layout.facts.entity.etag === etag ? entry.index : undefined;
  }

  forget(request: RangeRequest): void {
    this.#drop(keyOf(request));
  }

  /**
   * Compares the files themselves, in folders that have changed, or that were read too soon after a change to be
   * cached. Returns the catalog's current answers if the range would be laid out from the same files, otherwise
   * undefined.
   */
  async #sameFiles(request: RangeRequest, { layout, answers }: Entry): Promise<CatalogAnswers | undefined> {
    const now = new CatalogAnswers(this.#catalog);
    if (!layout.isOf(await findMinutes(now, request))) return undefined;
    const folders = new Map<string, number[]>();
    for (let file = 0; file < layout.fileCount; file++) {
      if (now.isSameDay(answers, layout.dayOf(file))) continue;
      const folder = dirname(layout.path(file));
      const files = folders.get(folder);
      if (files === undefined) folders.set(folder, [file]);
      else files.push(file);
    }
    const same = await Promise.all(
      Array.from(folders, async ([folder, files]) => {
        const paths = files.map((file) => layout.path(file));
        return layout.areSame(files, await this.#files.identitiesOf(folder, paths));
      }),
    );
    return same.every(Boolean) ? now : undefined;
  }

  #add(key: string, entry: Entry): void {
    this.#entries.set(key, entry);
    this.#indexBytes += indexBytesOf(entry);
    this.#layoutBytes += layoutBytesOf(entry);
  }

  #bound(): void {
    for (const entry of this.#entries.values()) {
      if (this.#indexBytes <= this.#limits.indexBytes) break;
      this.#indexBytes -= indexBytesOf(entry);
      entry.index = undefined;
    }
    for (const key of this.#entries.keys()) {
      if (this.#layoutBytes <= this.#limits.layoutBytes) break;
      this.#drop(key);
    }
  }

  #drop(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    this.#indexBytes -= indexBytesOf(entry);
    this.#layoutBytes -= layoutBytesOf(entry);
  }
}

function indexBytesOf({ layout, index }: Entry): number {
  return index === undefined ? 0 : layout.facts.indexBytes;
}

function layoutBytesOf({ layout, answers }: Entry): number {
  return layout.bytes + answers.dayCount * DAY_BYTES;
}

function keyOf({ camera, names, startUs, endUs, gaps }: RangeRequest): string {
  return [camera, names?.from, names?.to, startUs, endUs, gaps].join("\n");
}
