import { createHash } from "node:crypto";
import type { Catalog } from "../../../shared/catalog/catalog.ts";
import { type FoundMinutes, findMinutes, type MinutePlace } from "../../../shared/catalog/find-minutes.ts";
import type { VideoConfiguration } from "../../../shared/codec/video-codec.ts";
import { isSameFormat } from "../../../shared/codec/video-configuration.ts";
import type { Logger } from "../../../shared/logging/logger.ts";
import { Mp4Error } from "../../../shared/mp4/box-reader.ts";
import { TimesTooFarApartError } from "../../../shared/mp4/sample-times.ts";
import { OtherCodecError } from "../../../shared/mp4/track-reader.ts";
import { formatInstant } from "../footage/instant.ts";
import { Problem } from "../http/problem.ts";
import type { SendBuffers } from "../http/send-buffers.ts";
import { CachedLayout, type SeenFile } from "./cached-layout.ts";
import { CatalogAnswers } from "./catalog-answers.ts";
import { CodecRuns } from "./codec-runs.ts";
import { type Cut, cutMinute } from "./cut.ts";
import { firstConfiguration } from "./first-configuration.ts";
import type { HeldFile, OpenFileBudget } from "./held-file.ts";
import { HeldIndex } from "./held-index.ts";
import { inOrder } from "./in-order.ts";
import type { CacheableRange } from "./layout-cache.ts";
import { type Batch, type HeadBuffers, MinuteHeads } from "./minute-heads.ts";
import { ConvertedMeanwhileError, closeAll, type OpenMinute, type OpenMp4, openMinute } from "./open-minute.ts";
import { type FootagePiece, mediaPieces } from "./pieces.ts";
import { pinnedEnd } from "./pinned-end.ts";
import { HeldMedia } from "./range-media.ts";
import { RangeMovie } from "./range-movie.ts";
import type { RangeRequest } from "./range-request.ts";
import { TimeSlice } from "./time-slice.ts";
import { VirtualFile } from "./virtual-file.ts";

/** What is needed to lay out ranges. */
export interface RangeParts {
  catalog: Catalog;
  logger: Logger;
  budget: OpenFileBudget;
  buffers: SendBuffers;
  heads: HeadBuffers;
}

/** A range as a file. */
export interface RangeFile {
  file: VirtualFile;
  fileName: string;
  /** Capture time of the first picture that is shown, µs since the Unix epoch. */
  firstUs: number;
  /** Number of pictures; each takes at least 4 bytes of memory until the index is sent. */
  pictures: number;
}

/** A range that was just laid out, with what can be cached of it. */
export interface NewRange extends RangeFile {
  keepable: CacheableRange | undefined;
}

/** A range as a file, or the time at which its end must be pinned first. */
export type LaidOut<Range = RangeFile> = Range | { pinnedUs: number };

/** Part of the ETag: another layout of the same minutes is another file. */
const LAYOUT_VERSION = 2;
/** While one batch is processed, the next is read. */
const BATCHES_AHEAD = 2;
const ATTEMPTS = 5;
/** Two weeks of 25 pictures a second; their index takes 130 MB of memory until it is sent. */
export const MAX_PICTURES = 32_000_000;

/**
 * Lays out a range as one mp4: an index made from those of its minutes, followed by references to the media data in
 * their files. The ETag is a hash of the index, which contains the size, time and recorder of every sample: so it
 * stays the same when a chunk becomes an mp4.
 *
 * Throws Problem (404 without footage, 409 when the codec changes, 400 when it has more than `mostPictures`), the
 * errors of the file system, and the reason of `signal` when it is aborted.
 */
export async function layOutRange(
  parts: RangeParts,
  request: RangeRequest,
  signal: AbortSignal,
  mostPictures: number = MAX_PICTURES,
): Promise<LaidOut<NewRange>> {
  for (let attempt = 1; ; attempt++) {
    const layout = new RangeLayout(parts, request, signal, mostPictures);
    try {
      return await layout.make();
    } catch (error) {
      await layout.close();
      if (!(error instanceof ConvertedMeanwhileError) || attempt === ATTEMPTS) throw error;
    }
  }
}

class RangeLayout {
  readonly #parts: RangeParts;
  readonly #request: RangeRequest;
  readonly #signal: AbortSignal;
  readonly #mostPictures: number;
  readonly #movie: RangeMovie;
  readonly #codecs: CodecRuns;
  readonly #files: HeldFile[] = [];
  readonly #pieces: FootagePiece[] = [];
  readonly #seen = new Map<MinutePlace, SeenFile>();
  readonly #heads: MinuteHeads;
  readonly #slice = new TimeSlice();
  #configuration: VideoConfiguration | undefined;
  #firstShownUs: number | undefined;
  #damagedMinutes = 0;

  constructor(parts: RangeParts, request: RangeRequest, signal: AbortSignal, mostPictures: number) {
    this.#parts = parts;
    this.#signal = signal;
    this.#mostPictures = mostPictures;
    this.#request = request;
    this.#movie = new RangeMovie(request.gaps);
    this.#codecs = new CodecRuns(request);
    this.#heads = new MinuteHeads(request.camera, parts.budget, parts.heads);
  }

  async make(): Promise<LaidOut<NewRange>> {
    const answers = new CatalogAnswers(this.#parts.catalog);
    const found = await findMinutes(answers, this.#request);
    const pinnedUs = await pinnedEnd(this.#request, found, (place) => this.#writtenUntil(place));
    if (pinnedUs !== undefined) {
      if (pinnedUs <= this.#request.startUs) throw this.#nothing();
      return { pinnedUs };
    }
    const batches = inOrder(
      this.#heads.batches(found.minutes),
      BATCHES_AHEAD,
      (batch) => this.#heads.with(batch, (mp4s) => this.#openBatch(batch, mp4s)),
      (minutes) => closeAll(minutes.flatMap(({ files }) => files)),
    );
    for await (const minutes of batches) {
      // All files first: an error with one minute must not leave the files of the next ones open.
      this.#files.push(...minutes.flatMap(({ files }) => files));
      for (const minute of minutes) {
        await this.#add(minute);
        await this.#slice.pause();
        this.#signal.throwIfAborted();
      }
    }
    const problem = this.#codecs.problem();
    if (problem !== undefined) throw problem;
    if (this.#configuration === undefined) throw this.#nothing();
    return this.#finish(this.#configuration, found, answers);
  }

  async close(): Promise<void> {
    await closeAll(this.#files);
  }

  async #finish(configuration: VideoConfiguration, found: FoundMinutes, answers: CatalogAnswers): Promise<NewRange> {
    const { head, mediaBytes, endUs } = await this.#movie.finish(configuration, this.#slice);
    const { camera, names } = this.#request;
    const hash = createHash("sha256").update(`${LAYOUT_VERSION} ${camera}`);
    let length = mediaBytes;
    for (const bytes of head) {
      hash.update(bytes);
      length += bytes.length;
      await this.#slice.pause();
    }
    const entity = { length, etag: `"range-${hash.digest("base64url").slice(0, 27)}"` };
    const [from, to] =
      names === undefined ? [timeStamp(this.#firstShownUs ?? 0), timeStamp(endUs)] : [names.from, names.to];
    const facts = {
      entity,
      fileName: `${camera}.${from}.to.${to}.mp4`,
      firstUs: this.#firstShownUs ?? 0,
      pictures: this.#movie.sampleCount,
      indexBytes: length - mediaBytes,
    };
    const layout = CachedLayout.of({ ...facts, camera, found, seen: this.#seen, pieces: this.#pieces });
    const media = new HeldMedia(this.#pieces, this.#files);
    const file = new VirtualFile(entity, new HeldIndex(head), media, this.#parts.buffers);
    return { ...facts, file, keepable: layout && { layout, answers, index: head } };
  }

  async #add(minute: OpenMinute): Promise<void> {
    const { startUs, endUs } = this.#request;
    this.#codecs.add(minute.codec.sampleEntryType, minute.samples.record.spans);
    const cuts = cutMinute(minute.samples, startUs, endUs);
    const first = cuts[0];
    if (first === undefined) {
      await closeAll(minute.files);
      return;
    }
    await this.#configure(minute, first);
    if (this.#configuration === undefined) return; // cannot be decoded without parameter sets
    this.#firstShownUs ??= first.shownUs;
    for (const cut of cuts) {
      this.#movie.add(cut);
      this.#pieces.push(...mediaPieces(minute, cut.from, cut.to));
    }
    if (this.#movie.sampleCount > this.#mostPictures) {
      const detail =
        "A range, or those of all cameras in a zip, may have 32 million pictures, two weeks at 25 a second; ask for several shorter ones.";
      throw new Problem("range-too-long", 400, detail);
    }
  }

  /** The first parameter sets become those of the range; later ones only mark whether the format changes. */
  async #configure(minute: OpenMinute, cut: Cut): Promise<void> {
    const before = this.#configuration;
    if (before?.formatChanges === true) return;
    const known = before === undefined ? undefined : minute.configuration;
    const own = known ?? (await firstConfiguration(minute, cut));
    if (before === undefined) this.#configuration = own;
    else if (own !== undefined && !isSameFormat(before, own)) this.#configuration = { ...before, formatChanges: true };
  }

  async #writtenUntil(place: MinutePlace): Promise<number | undefined> {
    try {
      const minute = await openMinute(this.#request.camera, place, this.#parts.budget);
      if (minute !== undefined) await closeAll(minute.files);
      return minute?.writtenUs;
    } catch (error) {
      if (error instanceof OtherCodecError) return error.record?.spans.at(-1)?.endUs;
      if (isUnreadable(error)) return undefined;
      throw error;
    }
  }

  async #openBatch(batch: Batch, mp4s: Map<MinutePlace, OpenMp4>): Promise<OpenMinute[]> {
    const settled = await Promise.allSettled(batch.map((places) => this.#openGroup(places, mp4s)));
    const minutes = settled.flatMap((each) => (each.status === "fulfilled" ? each.value : []));
    const failed = settled.find((each) => each.status === "rejected");
    if (failed === undefined) return minutes;
    await closeAll(minutes.flatMap(({ files }) => files));
    throw failed.reason;
  }

  async #openGroup(places: readonly MinutePlace[], mp4s: Map<MinutePlace, OpenMp4>): Promise<OpenMinute[]> {
    const minutes: OpenMinute[] = [];
    try {
      for (const place of places) {
        const minute = await this.#openPlace(place, mp4s.get(place));
        if (minute !== undefined) minutes.push(minute);
      }
    } catch (error) {
      await closeAll(minutes.flatMap(({ files }) => files));
      throw error;
    }
    return minutes.sort((a, b) => firstCaptureUs(a) - firstCaptureUs(b));
  }

  /** Opens a minute. One that is damaged or has another codec is left out, so that the others can be sent. */
  async #openPlace(place: MinutePlace, mp4: OpenMp4 | undefined): Promise<OpenMinute | undefined> {
    const { camera } = this.#request;
    // Also minutes that turn out unreadable: their files may be replaced later.
    if (mp4?.identity !== undefined) this.#seen.set(place, { held: mp4.held, identity: mp4.identity });
    try {
      return await openMinute(camera, place, this.#parts.budget, mp4);
    } catch (error) {
      if (error instanceof OtherCodecError && error.record !== undefined) {
        this.#codecs.add(error.codec, error.record.spans);
      } else if (isUnreadable(error)) {
        this.#parts.logger.warn("a range leaves out a minute that cannot be read", {
          camera,
          minute: place.minute,
          error,
        });
        this.#damagedMinutes++;
      } else {
        throw error;
      }
      return undefined;
    }
  }

  #nothing(): Problem {
    const { camera, names, startUs, endUs } = this.#request;
    const [from, to] = names === undefined ? [formatInstant(startUs), formatInstant(endUs)] : [names.from, names.to];
    const where = `of ${camera} from ${from} to ${to} (UTC)`;
    const damagedMinutes = this.#damagedMinutes;
    if (damagedMinutes === 0) return new Problem("no-footage", 404, `There is no footage ${where}.`);
    const detail = `What there is ${where} is damaged and cannot be read; ./nvr fsck tells more.`;
    return new Problem("no-footage", 404, detail, {}, { damagedMinutes });
  }
}

function isUnreadable(error: unknown): boolean {
  return error instanceof Mp4Error || error instanceof TimesTooFarApartError;
}

function firstCaptureUs({ samples }: OpenMinute): number {
  return samples.record.spans[0]?.firstCaptureTimeUs ?? 0;
}

/** `YYYYMMDD.HHMMSS` in UTC, for a file name. */
function timeStamp(timeUs: number): string {
  const digits = new Date(Math.floor(timeUs / 1000)).toISOString().replace(/[-:]/g, "");
  return `${digits.slice(0, 8)}.${digits.slice(9, 15)}`;
}
