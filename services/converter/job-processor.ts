import { DelayedError, type Job, UnrecoverableError } from "bullmq";
import type { ConverterConfig } from "../../shared/config/config.ts";
import { BadChunkError, isMachineTrouble, LockLostError, NotYetError } from "../../shared/conversion/errors.ts";
import type { Conversion } from "../../shared/conversion/minute-converter.ts";
import { listParts } from "../../shared/conversion/minute-parts.ts";
import { quarantine } from "../../shared/conversion/quarantine.ts";
import { messageOf } from "../../shared/disk/no-space.ts";
import type { StoreFiles } from "../../shared/disk/store-files.ts";
import type { Logger } from "../../shared/logging/logger.ts";
import { FfmpegUnusableError } from "../../shared/pictures/ffmpeg-unusable-error.ts";
import type { ConversionJob } from "../../shared/queue/conversion-queue.ts";
import { OutsideError } from "../../shared/store/own-folder.ts";
import { ForgedJobError } from "./job-check.ts";
import type { LaterFootage } from "./later-footage.ts";
import type { ConverterMetrics } from "./metrics.ts";
import type { Troubles } from "./troubles.ts";

export const FFMPEG = "ffmpeg";
const DIRECTORY_LIST = "the list of camera directories";
const LOCK_LOST_PAUSE_MS = 1000;

/** What a JobProcessor works with. */
export interface JobProcessorOptions {
  files: StoreFiles;
  /** Validates the data of a job as it is in Redis. Throws ForgedJobError. */
  accept(data: unknown): Promise<ConversionJob>;
  convert(job: ConversionJob): Promise<Conversion>;
  config(): ConverterConfig;
  logger: Logger;
  metrics: ConverterMetrics;
  troubles: Troubles;
  later: LaterFootage;
}

/**
 * Works on one job of the queue, and decides what becomes of it when it fails:
 *
 * - not yet possible (the minute is not over, a chunk is still growing, another converter holds it): it is delayed,
 *   which does not count as a failure;
 * - forged (see JobCheck), or for a folder that a link leads out of its camera's directory: it fails for good;
 * - caused by the machine (disk full, ffmpeg missing): it is delayed as often as necessary, and the operator is
 *   notified;
 * - anything else: it is retried with growing pauses; after the last attempt its chunks go into quarantine and it
 *   fails.
 */
export class JobProcessor {
  readonly #options: JobProcessorOptions;

  constructor(options: JobProcessorOptions) {
    this.#options = options;
  }

  async process(job: Job<ConversionJob>, token?: string): Promise<Conversion> {
    const { accept, convert, metrics, troubles, later } = this.#options;
    let data: ConversionJob;
    try {
      data = await accept(job.data);
      troubles.clear(DIRECTORY_LIST);
    } catch (error) {
      return await this.#refuse(job, error as Error, token);
    }
    try {
      const conversion = await convert(data);
      this.#report(data, conversion);
      for (const chunk of conversion.later) later.note(chunk);
      troubles.clear(data.directory);
      if (conversion.samples > 0) troubles.clear(FFMPEG);
      return conversion;
    } catch (error) {
      if (error instanceof NotYetError) return await delay(job, error.notBeforeMs, token);
      if (error instanceof LockLostError) return await this.#delayForOther(job, error, token);
      if (error instanceof OutsideError) return await this.#refuse(job, error, token);
      metrics.failures.inc();
      if (isMachineTrouble(error)) return await this.#delayForMachine(job, data, error as Error, token);
      return await this.#fail(job, data, error, token);
    }
  }

  /** Fails a forged job for good; delays one that cannot be judged because a disk is away. */
  async #refuse(job: Job<ConversionJob>, error: Error, token: string | undefined): Promise<never> {
    const { metrics, logger, troubles, config } = this.#options;
    metrics.failures.inc();
    if (error instanceof ForgedJobError || error instanceof OutsideError) {
      logger.warn(error.message);
      throw new UnrecoverableError(error.message);
    }
    troubles.note(DIRECTORY_LIST, `conversion waits: ${error.message}`);
    return await delay(job, Date.now() + 2 * config().retryDelayMs, token);
  }

  #report({ camera, minute }: ConversionJob, { samples, chunks, quarantined, withoutPictures }: Conversion): void {
    const { logger, metrics, troubles } = this.#options;
    const pictures = `pictures of ${camera}`;
    if (withoutPictures !== undefined) {
      troubles.note(
        pictures,
        `minutes get no preview and no thumbnail: ${withoutPictures}: see what this camera sends`,
      );
    } else if (samples > 0) {
      troubles.clear(pictures);
    }
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

  async #delayForMachine(
    job: Job<ConversionJob>,
    { directory }: ConversionJob,
    error: Error,
    token: string | undefined,
  ): Promise<never> {
    const { files, config, troubles } = this.#options;
    const place = error instanceof FfmpegUnusableError ? FFMPEG : directory;
    troubles.note(place, `conversion waits: ${await messageOf(files, error, directory)}`);
    return await delay(job, Date.now() + 2 * config().retryDelayMs, token);
  }

  async #fail(job: Job<ConversionJob>, data: ConversionJob, error: unknown, token: string | undefined): Promise<never> {
    const { logger, config } = this.#options;
    const { camera, minute } = data;
    const reason = error instanceof Error ? error.message : String(error);
    const attempts = job.opts.attempts ?? config().attempts;
    if (job.attemptsMade + 1 < attempts) {
      logger.warn(`${camera} ${minute}: attempt ${job.attemptsMade + 1} of ${attempts} failed: ${reason}`);
      throw error;
    }
    try {
      await this.#quarantine(data, error, reason);
    } catch (trouble) {
      return await this.#delayForMachine(job, data, trouble as Error, token);
    }
    throw new UnrecoverableError(`in quarantine after ${attempts} attempts: ${reason}`);
  }

  async #quarantine(job: ConversionJob, error: unknown, reason: string): Promise<void> {
    const { files, logger, metrics } = this.#options;
    const paths = error instanceof BadChunkError ? error.paths : await listParts(files, job);
    for (const path of paths) {
      const kept = await quarantine(files, job.directory, path, reason);
      metrics.quarantined.inc();
      logger.error(`${job.camera} ${job.minute}: cannot be converted (${reason}): kept in quarantine: ${kept}`);
    }
  }
}

async function delay(job: Job<ConversionJob>, untilMs: number, token: string | undefined): Promise<never> {
  await job.moveToDelayed(Math.max(untilMs, Date.now()), token);
  throw new DelayedError();
}
