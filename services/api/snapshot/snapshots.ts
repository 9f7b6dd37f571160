import pLimit from "p-limit";
import type { Catalog } from "../../../shared/catalog/catalog.ts";
import { Has } from "../../../shared/catalog/day-index.ts";
import type { LiveConfig } from "../../../shared/config/config.ts";
import type { StoreFiles } from "../../../shared/disk/store-files.ts";
import type { Logger } from "../../../shared/logging/logger.ts";
import { FfmpegUnusableError } from "../../../shared/pictures/ffmpeg-unusable-error.ts";
import { FrameGrabber } from "../../../shared/pictures/frame-grabber.ts";
import { PictureTooLargeError } from "../../../shared/pictures/picture-size.ts";
import { chunkPath, minutePath } from "../../../shared/store/names.ts";
import { minuteStartUs } from "../../../shared/time/minute.ts";
import { openRegularFile } from "../http/send-file.ts";
import { type FoundKeyframe, newestKeyframe } from "./newest-keyframe.ts";

export interface SnapshotsParts {
  files: StoreFiles;
  catalog: Catalog;
  config: LiveConfig;
  logger: Logger;
}

/** A picture of a camera. */
export interface Snapshot {
  jpeg: Buffer;
  /** When it was taken, µs since the Unix epoch; for a preview, when its minute began. */
  takenUs: number;
  /** An entity tag, which differs for each picture. */
  etag: string;
}

/** Each decoding is a process with one thread. At most one per camera waits: clients cannot make the queue longer. */
const DECODED_AT_ONCE = 2;
/** Number of pictures that are kept until there is a newer keyframe: some 10 MB at 1080p. */
const CAMERAS_KEPT = 32;
/** A chunk that was just begun may have no keyframe on disk yet; then the one before it is tried. */
const CHUNKS_TRIED = 3;

/**
 * The newest picture of a camera, decoded on demand from what is recorded, without a second connection to the camera.
 * Requests for a camera at the same time share one decoding, and none happens again before there is a newer keyframe.
 */
export class Snapshots {
  readonly #parts: SnapshotsParts;
  readonly #decoding = pLimit(DECODED_AT_ONCE);
  readonly #underWay = new Map<string, Promise<Snapshot | undefined>>();
  /** By camera, the least recently used first: the newest keyframe that was tried, and the result. */
  readonly #decoded = new Map<string, { timeUs: number; snapshot: Snapshot | undefined }>();
  #isUnusable = false;

  constructor(parts: SnapshotsParts) {
    this.#parts = parts;
  }

  /**
   * The newest keyframe that is not converted yet, or else the newest preview; undefined when there is neither. Throws
   * the errors of readdir(3), open(2) and read(2).
   */
  newest(camera: string): Promise<Snapshot | undefined> {
    const underWay = this.#underWay.get(camera);
    if (underWay !== undefined) return underWay;
    const snapshot = this.#find(camera).finally(() => this.#underWay.delete(camera));
    this.#underWay.set(camera, snapshot);
    return snapshot;
  }

  async #find(camera: string): Promise<Snapshot | undefined> {
    const keyframe = await this.#newestKeyframe(camera);
    if (keyframe === undefined) return await this.#preview(camera);
    const { timeUs } = keyframe;
    const known = this.#decoded.get(camera);
    const snapshot =
      known?.timeUs === timeUs ? known.snapshot : await this.#decoding(() => this.#decode(camera, keyframe));
    this.#decoded.delete(camera);
    this.#decoded.set(camera, { timeUs, snapshot });
    for (const oldest of this.#decoded.keys()) {
      if (this.#decoded.size <= CAMERAS_KEPT) break;
      this.#decoded.delete(oldest);
    }
    return snapshot ?? (await this.#preview(camera));
  }

  /** The newest keyframe of the newest chunks; undefined also when a converted minute is newer. */
  async #newestKeyframe(camera: string): Promise<FoundKeyframe | undefined> {
    const { catalog } = this.#parts;
    const day = (await catalog.daysWithFootage(camera)).at(-1);
    if (day === undefined) return undefined;
    const minutes = (await catalog.day(camera, day))
      .flatMap((index) => Array.from(index.minutes(Has.mp4 | Has.chunk), (minute) => ({ ...minute, folder: index })))
      .sort((a, b) => b.index - a.index);
    const newestMp4 = minutes.find(({ has }) => (has & Has.mp4) !== 0)?.index ?? -1;
    const paths = minutes
      .filter(({ index }) => index > newestMp4)
      .flatMap(({ index, minute, folder }) => {
        const parts = [...folder.chunkParts(index)].reverse();
        return parts.map((part) => chunkPath(folder.directory, camera, minute, part));
      });
    for (const path of paths.slice(0, CHUNKS_TRIED)) {
      const keyframe = await newestKeyframe(this.#parts.files, path);
      if (keyframe !== undefined) return keyframe;
    }
    return undefined;
  }

  async #decode(camera: string, keyframe: FoundKeyframe): Promise<Snapshot | undefined> {
    const { config, logger } = this.#parts;
    try {
      const { ffmpegPath, ffmpegTimeoutMs, maxPixels } = config.current.converter;
      const sample = await keyframe.read(maxPixels);
      if (sample === undefined) return undefined;
      const [jpeg] = await new FrameGrabber({ ffmpegPath, timeoutMs: ffmpegTimeoutMs, maxPixels }).grab([sample]);
      this.#isUnusable = false;
      if (jpeg === undefined) logger.warn("the newest keyframe of a camera cannot be decoded", { camera });
      return jpeg && { jpeg, takenUs: keyframe.timeUs, etag: `"${keyframe.timeUs.toString(36)}-${jpeg.length}"` };
    } catch (error) {
      if (error instanceof PictureTooLargeError) {
        logger.warn("the newest keyframe of a camera is not decoded", { camera, error });
        return undefined;
      }
      if (!(error instanceof FfmpegUnusableError)) throw error;
      if (!this.#isUnusable) logger.warn("snapshots are as old as the newest preview", { error });
      this.#isUnusable = true;
      return undefined;
    }
  }

  async #preview(camera: string): Promise<Snapshot | undefined> {
    const { catalog } = this.#parts;
    for (const day of (await catalog.daysWithFootage(camera)).reverse()) {
      const newest = (await catalog.day(camera, day))
        .flatMap((index) => Array.from(index.minutes(Has.preview), ({ minute }) => ({ minute, index })))
        .sort((a, b) => (a.minute < b.minute ? 1 : -1));
      for (const { minute, index } of newest) {
        const file = await openRegularFile(this.#parts.files, minutePath(index.directory, camera, minute, "preview"));
        if (file === undefined) continue;
        try {
          const jpeg = await file.handle.readFile();
          return { jpeg, takenUs: minuteStartUs(minute) as number, etag: file.entity.etag };
        } finally {
          await file.handle.close();
        }
      }
    }
    return undefined;
  }
}
