import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { ConverterConfig } from "../../shared/config/config.ts";
import { BufferPool } from "../../shared/conversion/buffer-pool.ts";
import { DiskSemaphores } from "../../shared/conversion/disk-semaphores.ts";
import { IdleWatch } from "../../shared/conversion/idle-watch.ts";
import { convertMinute } from "../../shared/conversion/minute-converter.ts";
import { PreviewBatcher } from "../../shared/conversion/preview-batcher.ts";
import { TAKEOVER_PACE } from "../../shared/conversion/takeover-pace.ts";
import { StoreFiles } from "../../shared/disk/store-files.ts";
import { FrameGrabber } from "../../shared/pictures/frame-grabber.ts";
import { LARGEST_PIXELS } from "../../shared/pictures/picture-size.ts";
import { chunkPath } from "../../shared/store/names.ts";
import { type Minute, minuteAt } from "../../shared/time/minute.ts";
import { type ClipUnit, origin, type TimedUnit, writeChunk } from "./chunk-maker.ts";

/** A recorded picture. */
export interface RecordedPicture {
  timeUs: number;
  /** Its end: the begin of the next picture of its session. */
  endUs: number;
  /** SHA-256 of its access unit. */
  sha256: string;
  isKeyframe: boolean;
  /** The number shown in it. */
  count: number;
  session: number;
}

/** The times of a session's pictures. */
export interface SessionOptions {
  startUs: number;
  countFrom: number;
  /** When each picture is shown, relative to the start; the last value is the end of the session. */
  timesUs: readonly number[];
  /** Whether the last chunk has its end block; otherwise it is still being written. */
  isClosed?: boolean;
}

/** A camera's directory, filled as by a recorder, and the pictures recorded in it. */
export class RangeStore {
  readonly camera: string;
  readonly directory: string;
  /** In the order of capture. */
  readonly pictures: RecordedPicture[] = [];
  readonly minutes: Minute[] = [];
  readonly #parts = new Map<Minute, number>();
  #sessions = 0;

  constructor(camera: string, directory: string) {
    this.camera = camera;
    this.directory = directory;
  }

  /**
   * Records a clip: a new file begins at the first keyframe of a minute; each further session in a minute is another
   * part.
   */
  async record(
    clip: readonly ClipUnit[],
    { startUs, countFrom, timesUs, isClosed = true }: SessionOptions,
  ): Promise<void> {
    const session = ++this.#sessions;
    const units = clip.map((unit) => ({ ...unit, timeUs: startUs + (timesUs[unit.shown] as number) }));
    const endUs = startUs + (timesUs[clip.length] as number);
    for (const { data, shown, timeUs, isKeyframe } of units) {
      const sha256 = createHash("sha256").update(data).digest("hex");
      const end = startUs + (timesUs[shown + 1] as number);
      this.pictures.push({ timeUs, endUs: end, sha256, isKeyframe, count: countFrom + shown, session });
    }
    this.pictures.sort((a, b) => a.timeUs - b.timeUs);
    const files: { minute: Minute; units: TimedUnit[] }[] = [];
    for (const { data, timeUs, isKeyframe } of units) {
      const minute = minuteAt(timeUs);
      if (files.length === 0 || (isKeyframe && minute > (files.at(-1)?.minute as Minute)))
        files.push({ minute, units: [] });
      files.at(-1)?.units.push({ data, timeUs });
    }
    for (const [i, { minute, units: held }] of files.entries()) {
      const part = (this.#parts.get(minute) ?? 0) + 1;
      this.#parts.set(minute, part);
      if (part === 1) this.minutes.push(minute);
      const openedUs = held[0]?.timeUs as number;
      const ends = files[i + 1]?.units[0]?.timeUs ?? (isClosed ? endUs : undefined);
      await writeChunk(chunkPath(this.directory, this.camera, minute, part), {
        units: held,
        origin: origin("recorder", { session }),
        openedUs,
        ...(ends === undefined ? {} : { endUs: ends }),
      });
    }
  }

  /** Converts a minute as the converter does, except for its JPEGs, which are all the same. */
  async convert(minute: Minute, picture: string): Promise<void> {
    const maxPixels = LARGEST_PIXELS;
    const config = { thumbnailWidth: 320, chunkIdleMs: 0, maxPixels } as ConverterConfig;
    const previews = new PreviewBatcher(new FrameGrabber({ ffmpegPath: "ffmpeg", timeoutMs: 20_000, maxPixels }), 10);
    previews.grab = () => readFile(picture);
    const tools = {
      files: new StoreFiles(),
      config: () => config,
      previews,
      watch: new IdleWatch(),
      copying: new DiskSemaphores(1, async () => ""),
      buffers: new BufferPool(),
      pace: TAKEOVER_PACE,
    };
    await convertMinute({ camera: this.camera, minute, directory: this.directory }, tools);
  }

  /** The pictures of a range: the one shown at `startUs`, and all that begin before `endUs`. */
  shown(startUs: number, endUs: number): RecordedPicture[] {
    return this.pictures.filter((picture) => picture.endUs > startUs && picture.timeUs < endUs);
  }
}
