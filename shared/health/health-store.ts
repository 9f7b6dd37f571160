import type { Redis } from "ioredis";
import { TimeoutError, within } from "../redis/within.ts";
import type { PastCondition } from "./condition.ts";

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
  /**
   * Keeps what the keeper knows, and with it notes in the history what has ended, if the asker still is it: all or
   * nothing. What is noted already is not noted again. Returns whether that was done. Never rejects.
   */
  save(text: string, ended: readonly PastCondition[]): Promise<boolean>;
  /** The history of what ended after a time, in the order in which it ended. Undefined while Redis is away. Never rejects. */
  past(afterMs: number): Promise<PastCondition[] | undefined>;
  /** Another may be the keeper. Never rejects. */
  release(): Promise<void>;
}

/** A keeper that has not claimed so long is gone. */
const KEEPER_MS = 15_000;
const PATIENCE_MS = 2000;
const KEEPER_KEY = "hindsight:health:keeper";
const SAVED_KEY = "hindsight:health:ledger";
/** A sorted set by when they ended, ms since the Unix epoch; each as JSON without that. */
const HISTORY_KEY = "hindsight:health:history";
const HISTORY_MS = 30 * 86_400_000;
const MOST_IN_HISTORY = 10_000;

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

/** Keeps it all in Redis: one keeper among all processes, by Redis's own clock. */
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
    return (await this.#run(SAVE, text, Date.now() - HISTORY_MS, MOST_IN_HISTORY, ...noted)) === 1;
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

  /** Until a question that hangs is answered, no more are asked. */
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

  /** What the script answers; undefined while Redis is away, hangs or fails. Questions to one that hangs do not pile up. */
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

/** Of members and scores in turn, what they stand for. */
function readHistory(answer: readonly string[]): PastCondition[] {
  const history: PastCondition[] = [];
  for (let i = 0; i < answer.length; i += 2) {
    const condition = JSON.parse(answer[i] as string) as Omit<PastCondition, "until">;
    history.push({ ...condition, until: new Date(Number(answer[i + 1])).toISOString() });
  }
  return history;
}
