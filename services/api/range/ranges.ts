import type { Response } from "express";
import type { Catalog } from "../../../shared/catalog/catalog.ts";
import { Has } from "../../../shared/catalog/day-index.ts";
import type { StoreFiles } from "../../../shared/disk/store-files.ts";
import type { Logger } from "../../../shared/logging/logger.ts";
import { minuteStartUs } from "../../../shared/time/minute.ts";
import { SendBuffers } from "../http/send-buffers.ts";
import { ClientPlaces, type PlaceLimits } from "../limits/client-places.ts";
import { openFilesLimit } from "../limits/open-files-limit.ts";
import { type TurnLimits, Turns } from "../limits/turns.ts";
import type { CachedLayout } from "./cached-layout.ts";
import { CachedMedia } from "./cached-media.ts";
import { OpenFileBudget } from "./held-file.ts";
import { HeldIndex, INDEX_PATIENCE } from "./held-index.ts";
import { type CacheLimits, LayoutCache } from "./layout-cache.ts";
import { HeadBuffers } from "./minute-heads.ts";
import {
  type LaidOut,
  layOutRange,
  MAX_PICTURES,
  type NewRange,
  type RangeFile,
  type RangeParts,
} from "./range-file.ts";
import type { RangeRequest } from "./range-request.ts";
import { type CachedRange, RangeTurn } from "./range-turn.ts";
import { VirtualFile } from "./virtual-file.ts";

/** Enough for a day, which has 1,440 minutes. */
const OPEN_FILES = 2500;
/**
 * Limits the ranges of one disk's cameras whose index is being made or sent: the index of a day takes 10 MB. One
 * client can never have all turns.
 */
const TURNS: TurnLimits = { what: "ranges", perClient: 2, inAll: 8, waitingPerClient: 64, waitingInAll: 256 };
/** The same for long ranges, whose index may take 130 MB: they wait for each other, and shorter ones not for them. */
const LONG_TURNS: TurnLimits = { ...TURNS, what: "long ranges", perClient: 1, inAll: 2 };
const LONG_US = 48 * 3600e6;
/** Enough for 32 downloads in large pieces at a time. */
const SEND_BUFFER_BYTES = 32 * 1024 * 1024;
/** Limits the ranges that wait, are laid out or are sent, however slowly; zips of ranges have a limit of their own. */
const DOWNLOADS: PlaceLimits = { what: "downloads of ranges", perClient: 64, inAll: 256 };

/** What all ranges of an api share; it limits their memory and open files, however many are requested. */
export class Ranges {
  /** By disk, so that ranges that wait for a hung disk do not take the turns of others. */
  readonly #turns = new Map<string, { short: Turns; long: Turns }>();
  readonly #files: StoreFiles;
  readonly #parts: RangeParts;
  readonly kept: LayoutCache;
  readonly downloads = new ClientPlaces(DOWNLOADS);
  /** Used for other downloads as well. */
  readonly buffers = new SendBuffers(SEND_BUFFER_BYTES);

  /** `keep` limits the cache. */
  constructor({
    files,
    keep,
    ...parts
  }: {
    files: StoreFiles;
    catalog: Catalog;
    logger: Logger;
    keep?: CacheLimits;
  }) {
    this.#files = files;
    const budget = new OpenFileBudget(files, Math.min(OPEN_FILES, Math.floor(openFilesLimit() / 2)));
    this.#parts = { ...parts, budget, buffers: this.buffers, heads: new HeadBuffers() };
    this.kept = new LayoutCache(files, parts.catalog, keep);
  }

  /**
   * The turn of a client's range, which begins when the range must be laid out, and ends when its index is sent. Throws
   * DiskHangsError, and the errors of reading the list of cameras.
   */
  async turn(request: RangeRequest, client: string, signal: AbortSignal): Promise<RangeTurn> {
    const [directory] = (await this.#parts.catalog.directories(request.camera)) ?? [];
    const disk = directory === undefined ? "" : await this.#files.disks.mountPointUnder(directory);
    let turns = this.#turns.get(disk);
    if (turns === undefined) {
      turns = { short: new Turns(TURNS), long: new Turns(LONG_TURNS) };
      this.#turns.set(disk, turns);
    }
    return new RangeTurn({
      turns: lengthUs(request) > LONG_US ? turns.long : turns.short,
      client,
      signal,
      kept: this.#keptRange(request),
      layOut: (mostPictures) => this.layOut(request, signal, mostPictures),
    });
  }

  /** Calls `layOutRange` without a turn, and without putting the result in the cache. */
  layOut(request: RangeRequest, signal: AbortSignal, mostPictures: number = MAX_PICTURES): Promise<LaidOut<NewRange>> {
    return layOutRange(this.#parts, request, signal, mostPictures);
  }

  #keptRange(request: RangeRequest): CachedRange {
    return {
      find: async () => {
        const layout = await this.kept.find(request);
        return layout && this.#fileOf(layout);
      },
      index: (etag) => this.kept.index(request, etag),
      keep: ({ keepable }) => {
        if (keepable === undefined) this.kept.forget(request);
        else this.kept.keep(request, keepable);
      },
      forget: () => this.kept.forget(request),
    };
  }

  #fileOf(layout: CachedLayout): RangeFile {
    const { entity, indexBytes, fileName, firstUs, pictures } = layout.facts;
    const index = new HeldIndex(undefined, INDEX_PATIENCE, indexBytes);
    const media = new CachedMedia(layout, this.#parts.budget);
    return { file: new VirtualFile(entity, index, media, this.buffers), fileName, firstUs, pictures };
  }
}

/** How many times the last hour is laid out: by then V8 has compiled most of what a long range needs. */
const REHEARSALS = 4;

/**
 * Lays out the newest hour several times and discards it: code that has run often takes a third of the time, and the
 * first viewer should not have to wait for that. Never rejects.
 */
export async function rehearse(ranges: Ranges, catalog: Catalog): Promise<void> {
  try {
    const request = await newestHour(catalog);
    if (request === undefined) return;
    for (let i = 0; i < REHEARSALS; i++) {
      const laidOut = await ranges.layOut(request, new AbortController().signal);
      if ("file" in laidOut) await laidOut.file.close();
    }
  } catch {
    // A request for the footage reports the error.
  }
}

function lengthUs({ names, startUs, endUs }: RangeRequest): number {
  if (names === undefined) return endUs - startUs;
  return (minuteStartUs(names.to) ?? 0) - (minuteStartUs(names.from) ?? 0);
}

async function newestHour(catalog: Catalog): Promise<RangeRequest | undefined> {
  for (const camera of (await catalog.cameras()).keys()) {
    const day = (await catalog.daysWithFootage(camera)).at(-1);
    const [index] = day === undefined ? [] : await catalog.day(camera, day);
    const to = index && Array.from(index.minutes(Has.mp4)).at(-1)?.minute;
    if (to === undefined) continue;
    const endUs = minuteStartUs(to) ?? 0;
    return { camera, startUs: endUs - 3600e6, endUs, gaps: "skip" };
  }
  return undefined;
}

/** A signal that aborts when the client has disconnected or the answer is finished. */
export function untilClosed(res: Response): AbortSignal {
  const gone = new AbortController();
  if (res.destroyed) gone.abort();
  res.once("close", () => gone.abort());
  return gone.signal;
}
