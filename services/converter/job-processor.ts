import { DelayedError, type Job, UnrecoverableError } from "bullmq";
import type { ConverterConfig } from "../../shared/config/config.ts";
import { messageOf } from "../../shared/disk/no-space.ts";
import type { Logger } from "../../shared/logging/logger.ts";
import { FfmpegUnusableError } from "../../shared/pictures/ffmpeg-unusable-error.ts";
import type { ConversionJob } from "../../shared/queue/conversion-queue.ts";
import { BadChunkError, isMachineTrouble, LockLostError, NotYetError } from "./errors.ts";
import type { ConverterMetrics } from "./metrics.ts";
import type { Conversion } from "./minute-converter.ts";
import { listParts } from "./minute-parts.ts";
import { quarantine } from "./quarantine.ts";
import type { Troubles } from "./troubles.ts";

export const FFMPEG = "ffmpeg";
const LOCK_LOST_PAUSE_MS = 1000;

/** What decides over jobs. */
export interface JobProcessorOptions {
  convert(job: ConversionJob): Promise<Conversion>;
  config(): ConverterConfig;
  logger: Logger;
  metrics: ConverterMetrics;
  troubles: Troubles;
}

/**
 * Works on one job of the queue, and decides what becomes of it when it fails:
 *
 * - not yet (the minute is not over, a chunk is still growing, another converter is at it): later, which is no failure;
 * - the machine's fault (disk full, ffmpeg missing): later, as often as it takes, and the operator is told;
 * - anything else: again, with growing pauses; after the last attempt the chunks go into quarantine and the job fails.
 */
export class JobProcessor {
  readonly #options: JobProcessorOptions;

  constructor(options: JobProcessorOptions) {
    this.#options = options;
  }

  async process(job: Job<ConversionJob>, token?: string): Promise<Conversion> {
    const { convert, metrics, troubles } = this.#options;
    try {
      const conversion = await convert(job.data);
      this.#report(job.data, conversion);
      troubles.clear(job.data.directory);
      if (conversion.samples > 0) troubles.clear(FFMPEG);
      return conversion;
    } catch (error) {
      if (error instanceof NotYetError) return await delay(job, error.notBeforeMs, token);
      if (error instanceof LockLostError) return await this.#delayForOther(job, error, token);
      metrics.failures.inc();
      if (isMachineTrouble(error)) return await this.#delayForMachine(job, error as Error, token);
      return await this.#fail(job, error, token);
    }
  }

  #report({ camera, minute }: ConversionJob, { samples, chunks, quarantined }: Conversion): void {
    const { logger, metrics } = this.#options;
    if (samples > 0) {
      metrics.minutes.inc();
      metrics.frames.inc(samples);
      logger.debug(`${camera} ${minute}: ${samples} frames from ${chunks} chunks`);
    }
    metrics.quarantined.inc(quarantined.length);
    for (const path of quarantined) logger.error(`${camera} ${minute}: a damaged chunk is kept in quarantine: ${path}`);
  }

  async #delayForOther(job: Job<ConversionJob>, error: LockLostError, token: string | undefined): Promise<never> {
    this.#options.logger.debug(`${job.data.camera} ${job.data.minute}: ${error.message}`);
    return await delay(job, Date.now() + LOCK_LOST_PAUSE_MS, token);
  }

  async #delayForMachine(job: Job<ConversionJob>, error: Error, token: string | undefined): Promise<never> {
    const { config, troubles } = this.#options;
    const place = error instanceof FfmpegUnusableError ? FFMPEG : job.data.directory;
    troubles.note(place, `conversion waits: ${await messageOf(error, job.data.directory)}`);
    return await delay(job, Date.now() + 2 * config().retryDelayMs, token);
  }

  async #fail(job: Job<ConversionJob>, error: unknown, token: string | undefined): Promise<never> {
    const { logger, config } = this.#options;
    const { camera, minute } = job.data;
    const reason = error instanceof Error ? error.message : String(error);
    const attempts = job.opts.attempts ?? config().attempts;
    if (job.attemptsMade + 1 < attempts) {
      logger.warn(`${camera} ${minute}: attempt ${job.attemptsMade + 1} of ${attempts} failed: ${reason}`);
      throw error;
    }
    try {
      await this.#quarantine(job.data, error, reason);
    } catch (trouble) {
      return await this.#delayForMachine(job, trouble as Error, token);
    }
    throw new UnrecoverableError(`in quarantine after ${attempts} attempts: ${reason}`);
  }

  async #quarantine(job: ConversionJob, error: unknown, reason: string): Promise<void> {
    const { logger, metrics } = this.#options;
    const paths = error instanceof BadChunkError ? error.paths : await listParts(job);
    for (const path of paths) {
      const kept = await quarantine(job.directory, path, reason);
      metrics.quarantined.inc();
      logger.error(`${job.camera} ${job.minute}: cannot be converted (${reason}): kept in quarantine: ${kept}`);
    }
  }
}

async function delay(job: Job<ConversionJob>, untilMs: number, token: string | undefined): Promise<never> {
  await job.moveToDelayed(Math.max(untilMs, Date.now()), token);
  throw new DelayedError();
}
