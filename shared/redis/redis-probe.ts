import type { Redis } from "ioredis";
import { TimeoutError, within } from "./within.ts";

/** What is wrong with Redis, for the operator. */
export interface RedisTrouble {
  message: string;
  todo: string;
}

const PROBE_KEY = "hindsight:probe";
const PATIENCE_MS = 2000;

export const REDIS_DOES_NOT_ANSWER: RedisTrouble = {
  message: "Redis does not answer",
  todo: "Start redis-server, or correct redis.url in the configuration; when it runs, see in its log what keeps it busy.",
};

/** By the first word of Redis's error, which is its kind (redis.io, "RESP protocol"). */
const REFUSALS: Record<string, RedisTrouble> = {
  READONLY: {
    message: "Redis is a read-only replica and takes no jobs",
    todo: "Point redis.url at the master, or make this one a master: redis-cli REPLICAOF NO ONE.",
  },
  OOM: {
    message: "Redis is out of memory and takes no jobs",
    todo: "Raise maxmemory (100mb is plenty, maxmemory-policy noeviction), or see what else is kept in this Redis.",
  },
  NOREPLICAS: {
    message: "Redis takes no jobs because too few of its replicas are connected",
    todo: "Bring its replicas back, or lower its min-replicas-to-write.",
  },
  MISCONF: {
    message: "Redis takes no jobs because it cannot save its data on its disk",
    todo: "Make room on the disk of Redis and see its log; nothing of Hindsight's in it needs to be saved.",
  },
  NOPERM: {
    message: "the user of redis.url may not write to Redis",
    todo: "Allow that user all commands on all keys and channels (ACL SETUSER), or give another one in redis.url.",
  },
};

/** Checks whether Redis accepts writes: it may be connected and still refuse them all. */
export class RedisProbe {
  readonly #redis: Redis;
  #answer: Promise<unknown> | undefined;

  constructor(redis: Redis) {
    this.#redis = redis;
  }

  /** Writes a small key, as a job would be written. Returns the problem, if any, after 2 s at most. Never rejects. */
  async findTrouble(): Promise<RedisTrouble | undefined> {
    if (this.#redis.status !== "ready") return REDIS_DOES_NOT_ANSWER;
    // No new request while one is unanswered: they would pile up as long as Redis hangs.
    this.#answer ??= this.#redis.set(PROBE_KEY, "1", "PX", PATIENCE_MS).finally(() => {
      this.#answer = undefined;
    });
    try {
      await within(this.#answer, PATIENCE_MS, "a write to Redis");
      return undefined;
    } catch (error) {
      if (error instanceof TimeoutError) return REDIS_DOES_NOT_ANSWER;
      const { message } = error as Error;
      const known = REFUSALS[message.split(" ", 1)[0] ?? ""];
      return known ?? { message: `Redis refuses a write: ${message}`, todo: "See the log of Redis." };
    }
  }
}
