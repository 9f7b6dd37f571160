import { createHash } from "node:crypto";
import { mkdtemp, open, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import {
  type ChunkContent,
  type ClipOptions,
  type ClipUnit,
  makeClip,
  origin,
  type TimedUnit,
  writeChunk,
} from "../../../tests/support/chunk-maker.ts";
import { type RecordedFrame, readFrames } from "../../../tests/support/mp4-evidence.ts";
import type { ChunkOrigin } from "../../chunk/format.ts";
import type { ConverterConfig } from "../../config/config.ts";
import { StoreFiles } from "../../disk/store-files.ts";
import { readMinute } from "../../mp4/minute-file.ts";
import type { ReadMovie, ReadTrack } from "../../mp4/movie-reader.ts";
import type { VideoTrack } from "../../mp4/track.ts";
import { FrameGrabber } from "../../pictures/frame-grabber.ts";
import { LARGEST_PIXELS } from "../../pictures/picture-size.ts";
import type { ConversionJob } from "../../queue/conversion-queue.ts";
import { chunkPath, dayFolder, minutePath } from "../../store/names.ts";
import { dayOf, minuteStartUs } from "../../time/minute.ts";
import { BufferPool } from "../buffer-pool.ts";
import { DiskSemaphores } from "../disk-semaphores.ts";
import { IdleWatch } from "../idle-watch.ts";
import type { MinuteConverterTools } from "../minute-converter.ts";
import { PreviewBatcher } from "../preview-batcher.ts";
import { TAKEOVER_PACE } from "../takeover-pace.ts";

export const MINUTE = "20251124.1432";
/** 0.123456 s into the minute. */
export const START_US = (minuteStartUs(MINUTE) as number) + 123_456;

export const CONFIG: ConverterConfig = {
  concurrency: 2,
  attempts: 2,
  retryDelayMs: 100,
  sweepIntervalMs: 1000,
  chunkIdleMs: 30_000,
  ffmpegPath: "ffmpeg",
  ffmpegTimeoutMs: 20_000,
  maxPixels: LARGEST_PIXELS,
  thumbnailWidth: 160,
};

/** A camera's directory with one minute to be converted. */
export class MinuteFixture {
  readonly directory: string;
  readonly job: ConversionJob;

  private constructor(directory: string) {
    this.directory = directory;
    this.job = { camera: "cam", minute: MINUTE, directory };
  }

  /** @param above the folder in which its own is created */
  static async create(above = tmpdir()): Promise<MinuteFixture> {
    return new MinuteFixture(await mkdtemp(join(above, "hindsight-minute-")));
  }

  chunk(part: number): string {
    return chunkPath(this.directory, "cam", MINUTE, part);
  }

  path(kind: "mp4" | "preview" | "thumbnail"): string {
    return minutePath(this.directory, "cam", MINUTE, kind);
  }

  async write(part: number, content: ChunkContent): Promise<void> {
    await writeChunk(this.chunk(part), content);
  }

  /** Writes a closed chunk of a recorder; a higher part was opened later. */
  async put(part: number, units: TimedUnit[], recorder = "a", changes: Partial<ChunkOrigin> = {}): Promise<void> {
    const openedUs = (units[0]?.timeUs as number) + part;
    await this.write(part, { units, origin: origin(recorder, changes), openedUs, endUs: endOf(units) });
  }

  /** All names in the day's folder. */
  async names(): Promise<string[]> {
    return (await readdir(dayFolder(this.directory, dayOf(MINUTE)))).sort();
  }

  async quarantined(): Promise<string[]> {
    return (await readdir(join(this.directory, "quarantine")).catch(() => [])).sort();
  }

  /** The mp4 as ffprobe reads it; throws when ffprobe prints a warning. */
  async frames(): Promise<RecordedFrame[]> {
    return await readFrames(this.path("mp4"));
  }

  /** The mp4 as our own reader reads it. */
  async movie(): Promise<ReadTrack<VideoTrack> & Pick<ReadMovie, "record">> {
    const file = await open(this.path("mp4"), "r");
    try {
      const { video, record } = await readMinute(file);
      return { ...video, record };
    } finally {
      await file.close();
    }
  }

  /**
   * Expects that ffprobe finds exactly these access units in the mp4, in this order, at these times from `startUs` on.
   */
  async expectFrames(units: readonly TimedUnit[], startUs = START_US): Promise<void> {
    const frames = await this.frames();
    expect(frames.map((frame) => frame.sha256)).toEqual(units.map(({ data }) => sha256(data)));
    for (const [i, { pts }] of frames.entries()) {
      expect(Math.abs(pts - ((units[i]?.timeUs as number) - startUs) / 1e6)).toBeLessThan(0.0001);
    }
  }

  remove(): Promise<void> {
    return rm(this.directory, { recursive: true, force: true });
  }
}

export const FINISHED = ["mp4", "preview.jpg", "thumbnail.jpg"].map((ending) => `cam.${MINUTE}.${ending}`);

/** The tools of a converter, with settings changed for a test. */
export function tools(changes: Partial<ConverterConfig> = {}, watch = new IdleWatch()): MinuteConverterTools {
  const config = { ...CONFIG, ...changes };
  const grabber = new FrameGrabber({
    ffmpegPath: config.ffmpegPath,
    timeoutMs: config.ffmpegTimeoutMs,
    maxPixels: config.maxPixels,
  });
  const files = new StoreFiles();
  return {
    files,
    config: () => config,
    previews: new PreviewBatcher(grabber, 10),
    watch,
    copying: new DiskSemaphores(2, (folder) => files.disks.mountPointUnder(folder)),
    buffers: new BufferPool(),
    pace: TAKEOVER_PACE,
  };
}

/** The end of a span of units at a constant frame rate. */
export function endOf(units: readonly TimedUnit[], framesPerSecond = 25): number {
  return Math.max(...units.map(({ timeUs }) => timeUs)) + 1_000_000 / framesPerSecond;
}

/** Three GOPs of 20 frames, unless changed. */
export function clip(changes: ClipOptions = {}): Promise<ClipUnit[]> {
  return makeClip({ frames: 60, gop: 20, ...changes });
}

export function sha256(data: Buffer): string {
  return createHash("sha256").update(data).digest("hex");
}
