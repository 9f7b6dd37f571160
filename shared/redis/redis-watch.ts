import type { Redis } from "ioredis";
import type { Logger } from "../logging/logger.ts";
import { RedisProbe } from "./redis-probe.ts";

const INTERVAL_MS = 5000;

/**
 * Tells in the log when a connected Redis refuses writes or does not answer, and when it works again: once each, however
 * long it lasts. That the connection is lost is told by `connectRedis`.
 */
export class RedisWatch {
  readonly #redis: Redis;
  readonly #probe: RedisProbe;
  readonly #logger: Logger;
  readonly #timer: NodeJS.Timeout;
  #told: string | undefined;
  #isLooking = false;

  constructor(redis: Redis, logger: Logger) {
    this.#redis = redis;
    this.#probe = new RedisProbe(redis);
    this.#logger = logger;
    this.#timer = setInterval(() => void this.look(), INTERVAL_MS);
    this.#timer.unref();
  }

  /** Looks now, out of turn. Never rejects. */
  async look(): Promise<void> {
    if (this.#isLooking || this.#redis.status !== "ready") return;
    this.#isLooking = true;
    const trouble = await this.#probe.findTrouble();
    this.#isLooking = false;
    if (this.#redis.status !== "ready" || trouble?.message === this.#told) return;
    if (trouble === undefined) this.#logger.info("Redis takes jobs again");
    else this.#logger.warn(`${trouble.message}: recording goes on, conversion and live status wait. ${trouble.todo}`);
    this.#told = trouble?.message;
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
