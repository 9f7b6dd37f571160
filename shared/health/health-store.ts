import type { Redis } from "ioredis";
import { TimeoutError, within } from "../redis/within.ts";
import type { PastCondition } from "./condition.ts";

/** The answer to a process that asks about the keeper. */
export interface Claim {
  /** Whether the process that asked is the keeper. */
  isKeeper: boolean;
  /** What this or an earlier keeper saved last; null when there is nothing. */
  saved: string | null;
}

/** Elects the keeper of the health, and stores what it knows so that this outlives it. */
export interface HealthStore {
  /** With `takes`, makes the caller the keeper if there is none. Undefined while Redis is away. Never rejects. */
  claim(takes: boolean): Promise<Claim | undefined>;
  /**
   * Stores the keeper's state and adds what has ended to the history, both or neither, and only if the caller is still
   * the keeper. Entries that are in the history already are not added again. Returns whether it was stored. Never
   * rejects.
   */
  save(text: string, ended: readonly PastCondition[]): Promise<boolean>;
  /**
   * The conditions that ended after a time, in the order of their ends. Undefined while Redis is away. Never rejects.
   */
  past(afterMs: number): Promise<PastCondition[] | undefined>;
  /** Gives up being the keeper, so that another process can be it. Never rejects. */
  release(): Promise<void>;
}

/** A keeper that has not renewed its claim for this long loses it. */
const KEEPER_MS = 15_000;
const PATIENCE_MS = 2000;
const KEEPER_KEY = "hindsight:health:keeper";
const SAVED_KEY = "hindsight:health:ledger";
/** A sorted set; the score is the end, ms since the Unix epoch, and the member is the rest as JSON. */
const HISTORY_KEY = "hindsight:health:history";
const HISTORY_MS = 30 * 86_400_000;
const MAX_IN_HISTORY = 10_000;

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
for i = 5, #ARGV, 2 do redis.call("ZADD", KEYS[3], "NX", ARGV[i], ARGV[i + 1]) end
if #ARGV >= 5 then
  redis.call("ZREMRANGEBYSCORE", KEYS[3], "-inf", "(" .. ARGV[3])
  redis.call("ZREMRANGEBYRANK", KEYS[3], 0, -1 - ARGV[4])
end
return 1`;

const RELEASE = `
if redis.call("GET", KEYS[1]) == ARGV[1] then redis.call("DEL", KEYS[1]) end`;

/** The HealthStore in Redis: one keeper among all processes; its claim expires by Redis's own clock. */
export class RedisHealthStore implements HealthStore {
  readonly #redis: Redis;
  readonly #instance: string;
  #isAsking = false;
  #hangs = false;

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

  async save(text: string, ended: readonly PastCondition[]): Promise<boolean> {
    const noted = ended.flatMap(({ until, ...rest }) => [Date.parse(until), JSON.stringify(rest)]);
    return (await this.#run(SAVE, text, Date.now() - HISTORY_MS, MAX_IN_HISTORY, ...noted)) === 1;
  }

  async past(afterMs: number): Promise<PastCondition[] | undefined> {
    if (this.#redis.status !== "ready" || this.#hangs) return undefined;
    const after = Math.max(afterMs, Date.now() - HISTORY_MS);
    const asked = this.#redis.zrangebyscore(HISTORY_KEY, `(${after}`, "+inf", "WITHSCORES");
    try {
      const answer = await within(asked, PATIENCE_MS, "reading the history of the health");
      return readHistory(answer);
    } catch (error) {
      if (error instanceof TimeoutError) this.#waitFor(asked);
      return undefined;
    }
  }

  /** Sends no more requests until the one that hangs is answered. */
  #waitFor(asked: Promise<unknown>): void {
    this.#hangs = true;
    const isOver = () => {
      this.#hangs = false;
    };
    asked.then(isOver, isOver);
  }

  async release(): Promise<void> {
    await this.#run(RELEASE);
  }

  /**
   * The result of the script; undefined while Redis is away, hangs or fails. Requests to a Redis that hangs do not pile
   * up.
   */
  async #run(script: string, ...args: (string | number)[]): Promise<unknown> {
    if (this.#redis.status !== "ready" || this.#isAsking) return undefined;
    this.#isAsking = true;
    const keys = [KEEPER_KEY, SAVED_KEY, HISTORY_KEY];
    const asked = this.#redis.eval(script, keys.length, ...keys, this.#instance, ...args).finally(() => {
      this.#isAsking = false;
    });
    return within(asked, PATIENCE_MS, "keeping the health in Redis").catch(() => undefined);
  }
}

/** Parses an array of alternating members and scores. */
function readHistory(answer: readonly string[]): PastCondition[] {
  const history: PastCondition[] = [];
  for (let i = 0; i < answer.length; i += 2) {
    const condition = JSON.parse(answer[i] as string) as Omit<PastCondition, "until">;
    history.push({ ...condition, until: new Date(Number(answer[i + 1])).toISOString() });
  }
  return history;
}
