import type { BigIntStats } from "node:fs";
import { type DayIndex, Has, minuteOf } from "../../../shared/catalog/day-index.ts";
import type { StoreFiles } from "../../../shared/disk/store-files.ts";
import type { Logger } from "../../../shared/logging/logger.ts";
import { LaterVersionError, Mp4Error } from "../../../shared/mp4/box-reader.ts";
import type { CaptureSpan } from "../../../shared/mp4/capture-record.ts";
import { readMinute, readMinuteSummary } from "../../../shared/mp4/minute-file.ts";
import { OtherCodecError } from "../../../shared/mp4/track-reader.ts";
import { chunkPath, minutePath } from "../../../shared/store/names.ts";
import { fileEntity, openRegularFile } from "../http/send-file.ts";
import { type MinuteFacts, readChunkFacts } from "./chunk-facts.ts";
import { type Picture, pictureOf } from "./picture.ts";
import type { Span } from "./spans.ts";

/** What is known of an mp4 while its identity stays the same. `facts` are absent when it is damaged. */
interface KnownFile {
  identity: string;
  facts: MinuteFacts | undefined;
}

interface KnownDay {
  /** The state of the folder when `files` were looked at. */
  index: DayIndex;
  files: Map<number, Promise<KnownFile | undefined>>;
  /** What was known of an earlier state: each is looked at again, but read only when its file was replaced. */
  earlier: Map<number, Promise<KnownFile | undefined>>;
}

/** 70 days of a camera, at 430 bytes a minute. */
const MINUTES_KEPT = 100_000;
/** Files read at once: reading a day must not take all threads of the pool. */
const AT_ONCE = 4;

/**
 * Reads the facts of minutes from their files. An mp4 is read once (usually 4 kB of it) and again only when it was
 * replaced; while its day folder does not change, it is not even checked. Chunks are read at each call.
 */
export class MinuteFactsReader {
  readonly #files: StoreFiles;
  readonly #logger: Logger;
  readonly #capacity: number;
  /** In order of use, the least recent first. */
  readonly #days = new Map<string, KnownDay>();
  /** The few distinct pictures, shared by thousands of minutes. */
  readonly #pictures = new Map<string, Picture>();
  /** Number of mp4s opened. */
  reads = 0;

  constructor(files: StoreFiles, logger: Logger, capacity: number = MINUTES_KEPT) {
    this.#files = files;
    this.#logger = logger;
    this.#capacity = capacity;
  }

  /**
   * The facts of minutes of a day, by their place in it. Minutes that were deleted meanwhile or are damaged are
   * missing; damage is logged once. Where a minute has an mp4 and chunks, the spans are those of both. Throws the
   * errors of open(2) and read(2).
   */
  async of(index: DayIndex, places: readonly number[]): Promise<Map<number, MinuteFacts>> {
    const day = this.#day(index);
    const found = new Map<number, MinuteFacts>();
    let next = 0;
    const work = async () => {
      while (next < places.length) {
        const place = places[next++] as number;
        const facts = await this.#minute(day, index, place);
        if (facts !== undefined) found.set(place, facts);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    this.#forgetOldest();
    return found;
  }

  async #minute(day: KnownDay, index: DayIndex, place: number): Promise<MinuteFacts | undefined> {
    const minute = minuteOf(index.day, place);
    // Chunks first: if they no longer exist, they were converted meanwhile, and the mp4 is there.
    const paths = index.chunkParts(place).map((part) => chunkPath(index.directory, index.camera, minute, part));
    const chunks = paths.length === 0 ? undefined : await readChunkFacts(this.#files, paths);
    const hasMp4 = (index.has(place) & Has.mp4) !== 0 || chunks === undefined;
    const mp4 = hasMp4 ? (await this.#file(day, index, place))?.facts : undefined;
    if (mp4 === undefined || chunks === undefined) return mp4 ?? chunks;
    return { spans: [...mp4.spans, ...chunks.spans], picture: mp4.picture ?? chunks.picture };
  }

  #file(day: KnownDay, index: DayIndex, place: number): Promise<KnownFile | undefined> {
    const known = day.files.get(place);
    if (known !== undefined) return known;
    const earlier = day.earlier.get(place);
    day.earlier.delete(place);
    const file = this.#look(minutePath(index.directory, index.camera, minuteOf(index.day, place), "mp4"), earlier);
    day.files.set(place, file);
    file.catch(() => day.files.delete(place));
    return file;
  }

  async #look(path: string, earlier: Promise<KnownFile | undefined> | undefined): Promise<KnownFile | undefined> {
    const before = await earlier?.catch(() => undefined);
    if (before !== undefined && (await identityOf(this.#files, path)) === before.identity) return before;
    const file = await openRegularFile(this.#files, path);
    if (file === undefined) return undefined;
    this.reads++;
    try {
      return { identity: file.entity.etag, facts: await this.#read(file.handle) };
    } catch (error) {
      if (!(error instanceof Mp4Error)) throw error;
      const isLater = error instanceof LaterVersionError;
      const what = isLater ? "was written by a later version: upgrade the api" : "is damaged: ./nvr fsck tells more";
      this.#logger.warn(`a minute's mp4 ${what}`, { path, error });
      return { identity: file.entity.etag, facts: undefined };
    } finally {
      await file.handle.close();
    }
  }

  async #read(file: Parameters<typeof readMinuteSummary>[0]): Promise<MinuteFacts> {
    try {
      const { record, configuration } = await readMinuteSummary(file);
      return { spans: record.spans.map(spanOf), picture: this.#picture(pictureOf(configuration)) };
    } catch (error) {
      if (!(error instanceof OtherCodecError)) throw error;
      const record = await recordOfOtherCodec(file);
      return { spans: record.map(spanOf), picture: this.#picture({ codec: error.codec }) };
    }
  }

  #picture(picture: Picture): Picture {
    const key = Object.values(picture).join(" ");
    const known = this.#pictures.get(key) ?? picture;
    this.#pictures.set(key, known);
    return known;
  }

  #day(index: DayIndex): KnownDay {
    const key = `${index.camera}\n${index.directory}\n${index.day}`;
    const known = this.#days.get(key);
    this.#days.delete(key);
    const day: KnownDay =
      known?.index === index
        ? known
        : { index, files: new Map(), earlier: new Map([...(known?.earlier ?? []), ...(known?.files ?? [])]) };
    this.#days.set(key, day);
    return day;
  }

  #forgetOldest(): void {
    let minutes = 0;
    for (const { files, earlier } of this.#days.values()) minutes += files.size + earlier.size;
    for (const [key, { files, earlier }] of this.#days) {
      if (minutes <= this.#capacity) break;
      minutes -= files.size + earlier.size;
      this.#days.delete(key);
    }
  }
}

/** The etag that `openRegularFile` would return for a file now, without opening it; undefined when there is no file. */
async function identityOf(files: StoreFiles, path: string): Promise<string | undefined> {
  const stats: BigIntStats | undefined = await files.lstat(path, { bigint: true }).catch(() => undefined);
  return stats === undefined ? undefined : fileEntity(stats).etag;
}

function spanOf({ firstCaptureTimeUs, endUs }: CaptureSpan): Span {
  return { startUs: firstCaptureTimeUs, endUs };
}

async function recordOfOtherCodec(file: Parameters<typeof readMinute>[0]): Promise<readonly CaptureSpan[]> {
  try {
    return (await readMinute(file)).record.spans;
  } catch (error) {
    if (error instanceof OtherCodecError) return error.record?.spans ?? [];
    throw error;
  }
}
