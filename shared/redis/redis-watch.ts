import type { Redis } from "ioredis";
import type { Logger } from "../logging/logger.ts";
import { RedisProbe } from "./redis-probe.ts";

const INTERVAL_MS = 5000;

/**
 * Logs when a connected Redis refuses writes or does not answer, and when it works again: once each, however long it
 * lasts. The loss of the connection is logged by `connectRedis`.
 */
export class RedisWatch {
  readonly #redis: Redis;
  readonly #probe: RedisProbe;
  readonly #logger: Logger;
  readonly #timer: NodeJS.Timeout;
  #reported: string | undefined;
  #isLooking = false;

  constructor(redis: Redis, logger: Logger) {
    this.#redis = redis;
    this.#probe = new RedisProbe(redis);
    this.#logger = logger;
    this.#timer = setInterval(() => void this.look(), INTERVAL_MS);
    this.#timer.unref();
  }

  /** Checks now instead of at the next interval. Never rejects. */
  async look(): Promise<void> {
    if (this.#isLooking || this.#redis.status !== "ready") return;
    this.#isLooking = true;
    const trouble = await this.#probe.findTrouble();
    this.#isLooking = false;
    if (this.#redis.status !== "ready" || trouble?.message === this.#reported) return;
    if (trouble === undefined) this.#logger.info("Redis takes jobs again");
    else this.#logger.warn(`${trouble.message}: recording goes on, conversion and live status wait. ${trouble.todo}`);
    this.#reported = trouble?.message;
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
