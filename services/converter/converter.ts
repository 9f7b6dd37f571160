import { type Job, Worker } from "bullmq";
import type { Redis } from "ioredis";
import type { Registry } from "prom-client";
import type { LiveConfig } from "../../shared/config/config.ts";
import { BufferPool } from "../../shared/conversion/buffer-pool.ts";
import { DiskSemaphores } from "../../shared/conversion/disk-semaphores.ts";
import { IdleWatch } from "../../shared/conversion/idle-watch.ts";
import { type Conversion, convertMinute } from "../../shared/conversion/minute-converter.ts";
import { MAX_BATCH, PreviewBatcher } from "../../shared/conversion/preview-batcher.ts";
import { TAKEOVER_PACE } from "../../shared/conversion/takeover-pace.ts";
import { DiskAwayError } from "../../shared/disk/disk-away-error.ts";
import type { StoreFiles } from "../../shared/disk/store-files.ts";
import type { Logger } from "../../shared/logging/logger.ts";
import { FrameGrabber } from "../../shared/pictures/frame-grabber.ts";
import type { Keyframe } from "../../shared/pictures/keyframe.ts";
import { canLimitMemory } from "../../shared/process/ffmpeg-limits.ts";
import { CONVERSION_QUEUE, type ConversionJob, ConversionQueue } from "../../shared/queue/conversion-queue.ts";
import { within } from "../../shared/redis/within.ts";
import type { Service, ServiceContext } from "../../shared/service/service.ts";
import { configuredDirectories, listCameraDirectories } from "../../shared/store/directories.ts";
import { closeWorker } from "./close-worker.ts";
import { DiskShares } from "./disk-shares.ts";
import { JobCheck } from "./job-check.ts";
import { FFMPEG, JobProcessor } from "./job-processor.ts";
import { LaterFootage } from "./later-footage.ts";
import { ConverterMetrics } from "./metrics.ts";
import { Sweep } from "./sweep.ts";
import { Troubles } from "./troubles.ts";
import { UnderWay } from "./under-way.ts";

/** How long a single minute waits for others to share its ffmpeg process. */
const PREVIEW_WINDOW_MS = 300;
/**
 * Jobs that may wait for their pictures, in addition to the minutes that are being copied. A higher number would let
 * locks expire while Redis is slow: BullMQ fetches as many jobs as may run, one after the other, before it begins the
 * first.
 */
const WAITING_FOR_PICTURES = MAX_BATCH;
/**
 * How often a job may stall, because its converter died, before BullMQ fails it. High, because repeating a job is safe.
 */
const MAX_STALLED = 1000;
const PUSH_BATCH = 200;
const PUSH_LIMIT_MS = 10_000;
const SWEEP_STOP_LIMIT_MS = 1000;
const FORGET_MS = 30 * 60_000;
const REST_MS = 1000;

/** Converts closed chunks: processes the queue's jobs, and sweeps the folders for chunks without a job. */
export class Converter implements Service {
  readonly #config: LiveConfig;
  readonly #files: StoreFiles;
  readonly #logger: Logger;
  readonly #redis: Redis;
  readonly #queue: ConversionQueue;
  readonly #worker: Worker<ConversionJob, Conversion>;
  readonly #metrics: ConverterMetrics;
  readonly #troubles: Troubles;
  readonly #later: LaterFootage;
  readonly #watch = new IdleWatch();
  readonly #sweep: Sweep;
  readonly #underWay = new UnderWay();
  readonly #unsubscribe: () => void;
  readonly #onReady = () => this.#sweepSoon();
  #isFfmpegSeen = false;
  #sweeping: Promise<void> | undefined;
  #isSweepDue = false;
  #timer: NodeJS.Timeout | undefined;
  #resting: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(
    context: Pick<ServiceContext, "config" | "files" | "logger" | "redis"> & { metrics: Registry },
    pace = TAKEOVER_PACE,
  ) {
    const { config, files, logger, redis, metrics } = context;
    this.#files = files;
    this.#config = config;
    this.#logger = logger;
    this.#redis = redis;
    this.#metrics = new ConverterMetrics(metrics);
    this.#troubles = new Troubles(logger);
    this.#later = new LaterFootage((message) => logger.error(message));
    this.#sweep = new Sweep(files, this.#watch, this.#later);
    this.#queue = new ConversionQueue(redis, config.current.converter);
    const { concurrency } = config.current.converter;
    const previews = new PreviewBatcher(grabberBy(config), PREVIEW_WINDOW_MS);
    const diskOf = (folder: string) => files.disks.mountPointUnder(folder);
    const copying = new DiskSemaphores(concurrency, diskOf);
    const shares = new DiskShares(() => this.#config.current.converter.concurrency + WAITING_FOR_PICTURES, { diskOf });
    const buffers = new BufferPool();
    const settings = () => config.current.converter;
    const tools = { files, config: settings, previews, watch: this.#watch, copying, buffers, pace };
    const check = new JobCheck(files, config);
    const processor = new JobProcessor({
      files,
      accept: (data) => check.accept(data),
      convert: (job) => this.#underWay.run(() => shares.run(job.directory, () => convertMinute(job, tools))),
      config: settings,
      logger,
      metrics: this.#metrics,
      troubles: this.#troubles,
      later: this.#later,
    });
    this.#worker = new Worker(CONVERSION_QUEUE, (job: Job<ConversionJob>, token) => processor.process(job, token), {
      connection: redis,
      concurrency: concurrency + WAITING_FOR_PICTURES,
      lockDuration: pace.jobLockMs,
      stalledInterval: pace.stalledCheckMs,
      maxStalledCount: MAX_STALLED,
    });
    this.#worker.on("error", (error) => this.#rest(error));
    this.#unsubscribe = config.onChange((next, previous) => {
      if (next.converter.concurrency === previous.converter.concurrency) return;
      copying.limit = next.converter.concurrency;
      this.#worker.concurrency = next.converter.concurrency + WAITING_FOR_PICTURES;
    });
    if (!canLimitMemory()) {
      logger.warn("there is no prlimit here: ffmpeg runs without a limit to its memory; install util-linux to set one");
    }
    redis.on("ready", this.#onReady);
    this.#sweepSoon();
  }

  problems(): string[] {
    return [...this.#troubles.list(), ...this.#later.problems()];
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#resting);
    this.#redis.off("ready", this.#onReady);
    this.#unsubscribe();
    await closeWorker({ worker: this.#worker, underWay: this.#underWay, redis: this.#redis }).catch((error: Error) => {
      this.#logger.warn(`${error.message}: another converter will do it again`); // nothing half-written is visible
    });
    // A sweep only reads, but it may be waiting for a disk or for Redis.
    await within(this.#sweeping ?? Promise.resolve(), SWEEP_STOP_LIMIT_MS, "ending the sweep").catch(() => {});
    await this.#queue.close();
  }

  /**
   * Takes no jobs for a second. A Redis that refuses writes (out of memory, read-only) refuses at once, and BullMQ
   * would retry at once: 10,000 times a second, using most of a core. The owner of the Redis connection reports what is
   * wrong.
   */
  #rest(error: Error): void {
    this.#logger.debug(`queue: ${error.message}`);
    if (this.#resting !== undefined || this.#isStopped) return;
    void this.#worker.pause(true);
    this.#resting = setTimeout(() => {
      this.#resting = undefined;
      void this.#worker.resume();
    }, REST_MS);
  }

  /** Sweeps now, or once more if a sweep is under way, and then every `sweepIntervalMs`. */
  #sweepSoon(): void {
    clearTimeout(this.#timer);
    this.#isSweepDue = true;
    this.#sweeping ??= this.#sweepWhileDue();
  }

  async #sweepWhileDue(): Promise<void> {
    while (this.#isSweepDue && !this.#isStopped) {
      this.#isSweepDue = false;
      void this.#lookForFfmpeg();
      try {
        await this.#sweepOnce();
      } catch (error) {
        this.#logger.error(`sweep: ${(error as Error).message}`);
      }
    }
    this.#sweeping = undefined;
    if (this.#isStopped) return;
    this.#timer = setTimeout(() => this.#sweepSoon(), this.#config.current.converter.sweepIntervalMs);
  }

  /**
   * Checks for ffmpeg until it has worked once, so that a problem is reported at the start and not with the first
   * minute.
   */
  async #lookForFfmpeg(): Promise<void> {
    if (this.#isFfmpegSeen) return;
    try {
      await grabberOf(this.#config).check();
      this.#isFfmpegSeen = true;
      this.#troubles.clear(FFMPEG);
    } catch (error) {
      this.#troubles.note(FFMPEG, `conversion waits: ${(error as Error).message}`);
    }
  }

  async #sweepOnce(): Promise<void> {
    const { cameras, storage } = this.#config.current;
    const configured = configuredDirectories(cameras);
    const directories = await listCameraDirectories(this.#files, storage.root, configured, (path, error) => {
      this.#logger.warn(`${path} cannot be read: ${(error as Error).message}`);
    }).catch((error: unknown) => {
      if (error instanceof DiskAwayError) return configured; // the root's disk is away, the cameras' own may be present
      throw error;
    });
    const { jobs, backlog, unreadable } = await this.#sweep.run(directories);
    this.#metrics.backlog.set(backlog);
    for (const { directory } of directories) {
      const bad = unreadable.find(({ path }) => path.startsWith(directory));
      const place = `sweep of ${directory}`;
      if (bad === undefined) this.#troubles.clear(place);
      else this.#troubles.note(place, bad.error.message);
    }
    this.#watch.forget(FORGET_MS);
    for (let at = 0; at < jobs.length && !this.#isStopped; at += PUSH_BATCH) {
      const pushing = this.#queue.pushAll(jobs.slice(at, at + PUSH_BATCH));
      const isTaken = await within(pushing, PUSH_LIMIT_MS, "pushing jobs").catch(() => false);
      if (!isTaken) return; // Redis is away: the next sweep finds them again
    }
  }
}

/** A grabber that uses the current configuration. */
function grabberBy(config: LiveConfig): { grab: FrameGrabber["grab"] } {
  let grabber = grabberOf(config);
  config.onChange(() => {
    grabber = grabberOf(config);
  });
  return { grab: (keyframes: readonly Keyframe[], isLenient?: boolean) => grabber.grab(keyframes, isLenient) };
}

function grabberOf(config: LiveConfig): FrameGrabber {
  const { ffmpegPath, ffmpegTimeoutMs, maxPixels } = config.current.converter;
  return new FrameGrabber({ ffmpegPath, timeoutMs: ffmpegTimeoutMs, maxPixels });
}
