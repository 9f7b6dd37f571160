import { setTimeout as sleep } from "node:timers/promises";
import type { ConverterConfig } from "../../shared/config/config.ts";
import { BufferPool } from "../../shared/conversion/buffer-pool.ts";
import { DiskSemaphores } from "../../shared/conversion/disk-semaphores.ts";
import { NotYetError } from "../../shared/conversion/errors.ts";
import { IdleWatch } from "../../shared/conversion/idle-watch.ts";
import { convertMinute, type MinuteConverterTools } from "../../shared/conversion/minute-converter.ts";
import { rebuildPictures } from "../../shared/conversion/minute-pictures.ts";
import { PreviewBatcher } from "../../shared/conversion/preview-batcher.ts";
import { TAKEOVER_PACE } from "../../shared/conversion/takeover-pace.ts";
import type { StoreFiles } from "../../shared/disk/store-files.ts";
import { FrameGrabber } from "../../shared/pictures/frame-grabber.ts";
import type { ConversionJob } from "../../shared/queue/conversion-queue.ts";
import type { Remedy } from "./remarks.ts";

/** Pictures are made one after the other, so waiting to make several at once would be useless. */
const PREVIEW_WINDOW_MS = 0;
/** How long a chunk without an end block, or a lock, is watched to make sure that nobody is using it. */
const PATIENCE_MS = 60_000;

/**
 * Repairs minutes with the converter's own code and locks, so that converters may run at the same time. Deletes no
 * footage.
 */
export class Repairer {
  readonly #tools: MinuteConverterTools;

  constructor(files: StoreFiles, config: ConverterConfig) {
    const { ffmpegPath, ffmpegTimeoutMs, maxPixels } = config;
    this.#tools = {
      files,
      config: () => config,
      previews: new PreviewBatcher(
        new FrameGrabber({ ffmpegPath, timeoutMs: ffmpegTimeoutMs, maxPixels }),
        PREVIEW_WINDOW_MS,
      ),
      watch: new IdleWatch(),
      copying: new DiskSemaphores(1, (folder) => files.disks.mountPointUnder(folder)),
      buffers: new BufferPool(),
      pace: TAKEOVER_PACE,
    };
  }

  /** Returns undefined when the minute is repaired, otherwise why it is not. Never throws. */
  async repair(job: ConversionJob, remedy: Remedy): Promise<string | undefined> {
    const untilMs = performance.now() + PATIENCE_MS;
    for (;;) {
      try {
        return await this.#try(job, remedy);
      } catch (error) {
        const isOver = performance.now() > untilMs;
        if (!(error instanceof NotYetError) || isOver) return (error as Error).message;
        await sleep(Math.max(0, error.notBeforeMs - Date.now()));
      }
    }
  }

  async #try(job: ConversionJob, remedy: Remedy): Promise<string | undefined> {
    if (remedy === "pictures") {
      return (await rebuildPictures(job, this.#tools)) ? undefined : "none of its keyframes can be decoded";
    }
    const { quarantined, later } = await convertMinute(job, this.#tools);
    if (later[0] !== undefined) return `a later version of Hindsight is needed: ${later[0].reason}`;
    return quarantined.length === 0 ? undefined : `kept in quarantine: ${quarantined.join(", ")}`;
  }
}
