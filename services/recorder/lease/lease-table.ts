import type { Redis } from "ioredis";
import { SHARE_SCRIPT } from "./share-script.ts";

/** What a recorder tells and asks, twice a second. */
export interface LeaseQuestion {
  /** The recorder process that asks. */
  recorder: string;
  /** All cameras that are to be recorded, by this recorder or another. */
  cameras: string[];
  /** Those that this recorder holds a session for, and those of them whose frames come in. */
  running: string[];
  recording: string[];
  /** Recorders that are known to be dead, before their time has run out. */
  dead: string[];
  /** "announce" takes no camera yet; "leave" gives all back. */
  intent: "announce" | "share" | "leave";
}

/** Who records what. */
export interface LeaseAnswer {
  /** The cameras whose lease this recorder holds. */
  held: string[];
  /** Of the running ones, those that their new holder records already: they can be let go without a gap. */
  handedOver: string[];
  /** The other recorders that are alive. */
  others: string[];
}

/** A recorder that has not asked for so long is dead, and its cameras are free. */
export const LEASE_MS = 5000;
const PREFIX = "hindsight:lease";

/**
 * The leases of all cameras, in Redis. One script looks at all of them and changes them at once, by Redis's own clock, so
 * that recorders whose clocks differ agree. Nothing in it is needed to find footage: when it is wiped, every recorder
 * goes on with what it records and says so anew.
 */
export class LeaseTable {
  readonly #redis: Redis;

  constructor(redis: Redis) {
    this.#redis = redis;
  }

  /** Renews this recorder's leases and takes or gives what is its share. Rejects with Redis's error. */
  async ask(question: LeaseQuestion): Promise<LeaseAnswer> {
    if (this.#redis.status !== "ready") throw new Error("Redis is away");
    const answer = await this.#redis.eval(
      SHARE_SCRIPT,
      3,
      `${PREFIX}:recorders`,
      `${PREFIX}:holders`,
      `${PREFIX}:recording`,
      question.recorder,
      LEASE_MS,
      question.intent,
      ...[question.cameras, question.running, question.recording, question.dead].map((list) => JSON.stringify(list)),
    );
    const [held, handedOver, others] = answer as [string[], string[], string[]];
    return { held, handedOver, others };
  }
}
