import { type BulkJobOptions, Queue } from "bullmq";
import type { Redis } from "ioredis";
import { within } from "../redis/within.ts";
import type { Minute } from "../time/minute.ts";

/** The BullMQ queue through which recorders notify converters of closed chunks. */
export const CONVERSION_QUEUE = "conversion";

/** The data of a job. It is not needed to find the work again: the converter's sweep finds it in the files. */
export interface ConversionJob {
  camera: string;
  minute: Minute;
  /** The camera's directory, absolute. */
  directory: string;
}

/**
 * Jobs with the same id count as one. The id consists of camera, minute and directory, since a minute is converted as a
 * whole.
 */
export function deduplicationId(job: ConversionJob): string {
  return `${job.camera}.${job.minute}@${job.directory}`;
}

/** How often a job is tried, and how long the first pause is; each further pause is twice as long. */
export interface RetryPolicy {
  attempts: number;
  retryDelayMs: number;
}

/** Maximum jobs that wait for Redis; more are dropped, and found by the converter's sweep. */
const MAX_WAITING = 1000;
const CLOSE_LIMIT_MS = 2000;
const KEPT_JOBS = { count: 1000, age: 7 * 24 * 3600 };

/**
 * The conversion queue for those that add jobs. A job is only a hint: if it is dropped because Redis is away, the
 * converter's sweep finds the chunk. So nothing here ever waits or throws.
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

  /** Number of jobs that were dropped because Redis was away. */
  get leftOut(): number {
    return this.#leftOut;
  }

  /** Adds a job, unless one for the same minute is waiting; if one is being worked on, the new one follows it. */
  push(job: ConversionJob): void {
    void this.pushAll([job]);
  }

  /**
   * Adds jobs as `push` does. Resolves to whether Redis has stored them, after as long as Redis takes: await it with a
   * time limit, or not at all.
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

  /** Closes the queue; waits at most 2 s for what Redis has not answered. */
  async close(): Promise<void> {
    await within(this.#queue.close(), CLOSE_LIMIT_MS, "closing the queue").catch(() => {});
  }
}
