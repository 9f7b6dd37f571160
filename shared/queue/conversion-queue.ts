import { type BulkJobOptions, Queue } from "bullmq";
import type { Redis } from "ioredis";
import { within } from "../redis/within.ts";
import type { Minute } from "../time/minute.ts";

/** The BullMQ queue through which recorders tell converters of closed chunks. */
export const CONVERSION_QUEUE = "conversion";

/** What a job says. Nothing of it is needed to find the work again: the converter's sweep reads the files. */
export interface ConversionJob {
  camera: string;
  minute: Minute;
  /** The camera's directory, absolute. */
  directory: string;
}

/** Two jobs with the same id are one: by camera, directory and minute, since a minute is converted as a whole. */
export function deduplicationId(job: ConversionJob): string {
  return `${job.camera}.${job.minute}@${job.directory}`;
}

/** How often a job is tried and how long the first pause is; each further pause is twice as long. */
export interface RetryPolicy {
  attempts: number;
  retryDelayMs: number;
}

/** Pushes that may wait for Redis at once; more are left out, and found by the converter's sweep. */
const MAX_WAITING = 1000;
const CLOSE_LIMIT_MS = 2000;
const KEPT_JOBS = { count: 1000, age: 7 * 24 * 3600 };

/**
 * The conversion queue as those see it who fill it. A job is a hint: one that is left out because Redis is away is found by
 * the converter's sweep, so nothing here ever waits or throws.
 */
export class ConversionQueue {
  readonly #redis: Redis;
  readonly #queue: Queue<ConversionJob>;
  readonly #options: BulkJobOptions;
  #waiting = 0;
  #leftOut = 0;

  constructor(redis: Redis, retry: RetryPolicy) {
    this.#redis = redis;
    this.#queue = new Queue<ConversionJob>(CONVERSION_QUEUE, { connection: redis });
    this.#queue.on("error", () => {}); // the connection's owner reports it
    this.#options = {
      attempts: retry.attempts,
      backoff: { type: "exponential", delay: retry.retryDelayMs },
      removeOnComplete: KEPT_JOBS,
      removeOnFail: KEPT_JOBS,
    };
  }

  /** Jobs that were left out because Redis was away. */
  get leftOut(): number {
    return this.#leftOut;
  }

  /** Adds a job unless one for the same minute waits already; one that is being worked on is followed by another. */
  push(job: ConversionJob): void {
    void this.pushAll([job]);
  }

  /**
   * Adds jobs as `push` does. Resolves to whether Redis has them, in the time that Redis takes: to be awaited with a
   * limit, or not at all.
   */
  async pushAll(jobs: readonly ConversionJob[]): Promise<boolean> {
    if (this.#redis.status !== "ready" || this.#waiting + jobs.length > MAX_WAITING) {
      this.#leftOut += jobs.length;
      return false;
    }
    this.#waiting += jobs.length;
    try {
      await this.#queue.addBulk(
        jobs.map((data) => ({
          name: `${data.camera} ${data.minute}`,
          data,
          opts: { ...this.#options, deduplication: { id: deduplicationId(data), keepLastIfActive: true } },
        })),
      );
      return true;
    } catch {
      this.#leftOut += jobs.length;
      return false;
    } finally {
      this.#waiting -= jobs.length;
    }
  }

  /** Lets go of the queue; waits no longer than 2 s for what Redis has not answered. */
  async close(): Promise<void> {
    await within(this.#queue.close(), CLOSE_LIMIT_MS, "closing the queue").catch(() => {});
  }
}
