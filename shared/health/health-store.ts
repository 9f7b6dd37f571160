import type { Redis } from "ioredis";
import { within } from "../redis/within.ts";

/** What Redis says of who looks after the health of the system. */
export interface Claim {
  /** Whether it is the one who asks. */
  isKeeper: boolean;
  /** What the keeper saved last, or one before it; null when there is nothing. */
  saved: string | null;
}

/** Where the keeper of the health is found, and what it knows outlives it. */
export interface HealthStore {
  /** With `takes`, makes the asker the keeper while there is no other. Undefined while Redis is away. Never rejects. */
  claim(takes: boolean): Promise<Claim | undefined>;
  /** Keeps what the keeper knows, if the asker still is it. Returns whether that was done. Never rejects. */
  save(text: string): Promise<boolean>;
  /** Another may be the keeper. Never rejects. */
  release(): Promise<void>;
}

/** A keeper that has not claimed so long is gone. */
const KEEPER_MS = 15_000;
const PATIENCE_MS = 2000;
const KEEPER_KEY = "hindsight:health:keeper";
const SAVED_KEY = "hindsight:health:ledger";

const CLAIM = `
local keeper = redis.call("GET", KEYS[1])
if keeper == ARGV[1] or (not keeper and ARGV[3] == "1") then
  redis.call("SET", KEYS[1], ARGV[1], "PX", ARGV[2])
  keeper = ARGV[1]
end
return { keeper == ARGV[1] and 1 or 0, redis.call("GET", KEYS[2]) }`;

const SAVE = `
if redis.call("GET", KEYS[1]) ~= ARGV[1] then return 0 end
redis.call("SET", KEYS[2], ARGV[2])
return 1`;

const RELEASE = `
if redis.call("GET", KEYS[1]) == ARGV[1] then redis.call("DEL", KEYS[1]) end`;

/** Keeps them in Redis: one keeper among all processes, by Redis's own clock. */
export class RedisHealthStore implements HealthStore {
  readonly #redis: Redis;
  readonly #instance: string;
  #isAsking = false;

  constructor(redis: Redis, instance: string) {
    this.#redis = redis;
    this.#instance = instance;
  }

  async claim(takes: boolean): Promise<Claim | undefined> {
    const answer = await this.#run(CLAIM, KEEPER_MS, takes ? 1 : 0);
    if (answer === undefined) return undefined;
    const [isKeeper, saved] = answer as [number, string | null];
    return { isKeeper: isKeeper === 1, saved: saved ?? null };
  }

  async save(text: string): Promise<boolean> {
    return (await this.#run(SAVE, text)) === 1;
  }

  async release(): Promise<void> {
    await this.#run(RELEASE);
  }

  /** What the script answers; undefined while Redis is away, hangs or fails. Questions to one that hangs do not pile up. */
  async #run(script: string, ...args: (string | number)[]): Promise<unknown> {
    if (this.#redis.status !== "ready" || this.#isAsking) return undefined;
    this.#isAsking = true;
    const asked = this.#redis.eval(script, 2, KEEPER_KEY, SAVED_KEY, this.#instance, ...args).finally(() => {
      this.#isAsking = false;
    });
    return within(asked, PATIENCE_MS, "keeping the health in Redis").catch(() => undefined);
  }
}
