import { dirname } from "node:path";
import { type FootageDays, findMinutes } from "../../../shared/catalog/find-minutes.ts";
import type { StoreFiles } from "../../../shared/disk/store-files.ts";
import { CatalogAnswers } from "./catalog-answers.ts";
import type { KeptLayout } from "./kept-layout.ts";
import type { RangeRequest } from "./range-request.ts";

/** What is kept of a range that was laid out. */
export interface Keepable {
  layout: KeptLayout;
  /** What the catalog said when it was laid out. */
  answers: CatalogAnswers;
  index: readonly Buffer[];
}

interface Entry {
  readonly layout: KeptLayout;
  readonly answers: CatalogAnswers;
  index: readonly Buffer[] | undefined;
}

/** How much is kept at most, bytes of memory. */
export interface KeepLimits {
  indexBytes: number;
  layoutBytes: number;
}

/** An index of a day of 25 pictures a second and some shorter ones; where the media of four weeks lie. */
export const KEEP_LIMITS: KeepLimits = { indexBytes: 16 * 1024 * 1024, layoutBytes: 2 * 1024 * 1024 };
/** What an index of a day that the catalog gave takes. */
const DAY_BYTES = 2048;

/**
 * Ranges as they were laid out, so that who seeks in one, or asks for it again, need not wait until it is laid out anew. One is
 * given only when all that it was made of is the same: the folders have not changed since, or the same files lie in them, by
 * inode, size and time. The least recently asked for go when there are too many; of those, their indexes first, which are large.
 */
export class KeptLayouts {
  readonly #files: StoreFiles;
  readonly #catalog: FootageDays;
  readonly #limits: KeepLimits;
  /** In order of use, the least recent first. */
  readonly #entries = new Map<string, Entry>();
  #indexBytes = 0;
  #layoutBytes = 0;

  constructor(files: StoreFiles, catalog: FootageDays, limits: KeepLimits = KEEP_LIMITS) {
    this.#files = files;
    this.#catalog = catalog;
    this.#limits = limits;
  }

  /** What is kept, bytes of memory. */
  get bytes(): number {
    return this.#indexBytes + this.#layoutBytes;
  }

  /** How many ranges are kept. */
  get size(): number {
    return this.#entries.size;
  }

  /** Keeps a range in the place of what was kept of it. */
  keep(request: RangeRequest, kept: Keepable): void {
    const key = keyOf(request);
    this.#drop(key);
    const hasIndex = kept.layout.facts.indexBytes <= this.#limits.indexBytes;
    this.#add(key, { ...kept, index: hasIndex ? kept.index : undefined });
    this.#bound();
  }

  /** What is kept of a range, if all that it was made of is the same. Throws the errors of readdir(3) and stat(2). */
  async find(request: RangeRequest): Promise<KeptLayout | undefined> {
    const key = keyOf(request);
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    const isUnchanged = await entry.answers.stillHold(request.camera);
    const answers = isUnchanged ? entry.answers : await this.#sameFiles(request, entry);
    if (this.#entries.get(key) !== entry) return undefined; // it was replaced, or went, meanwhile
    this.#drop(key);
    if (answers === undefined) return undefined;
    this.#add(key, { ...entry, answers });
    return entry.layout;
  }

  /** The index that has this tag, while it is kept. */
  index(request: RangeRequest, etag: string): readonly Buffer[] | undefined {
    const entry = this.#entries.get(keyOf(request));
    return entry?.layout.facts.entity.etag === etag ? entry.index : undefined;
  }

  forget(request: RangeRequest): void {
    this.#drop(keyOf(request));
  }

  /**
   * Looks at the files themselves, in folders that have changed, or were read too soon after a change to be kept. What the
   * catalog says by now, if the range would be laid out of the same files.
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
