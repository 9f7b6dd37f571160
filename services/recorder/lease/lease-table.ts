import type { Redis } from "ioredis";
import { SHARE_SCRIPT } from "./share-script.ts";

/** What a recorder sends to the lease table, twice a second. */
export interface LeaseQuestion {
  /** The recorder process that asks. */
  recorder: string;
  /** All cameras that are to be recorded, by this recorder or another. */
  cameras: string[];
  /** The cameras that this recorder runs, and those of them whose frames come in. */
  running: string[];
  recording: string[];
  /** Recorders that are known to be dead before their lease has expired. */
  dead: string[];
  /** "announce" takes no camera yet; "leave" releases all. */
  intent: "announce" | "share" | "leave";
}

/** What a recorder may record, as the lease table answers. */
export interface LeaseAnswer {
  /** The cameras whose lease this recorder holds. */
  held: string[];
  /** Of the running cameras, those that their new holder already records: they can be released without a gap. */
  handedOver: string[];
  /** The other recorders that are alive. */
  others: string[];
}

/** A recorder that has not asked for this long is taken for dead, and its cameras are free. */
export const LEASE_MS = 5000;
const PREFIX = "hindsight:lease";

/**
 * The leases of all cameras, in Redis. One script reads and changes all of them atomically, by Redis's own clock, so
 * that recorders whose clocks differ agree. Nothing in it is needed to find footage: when Redis loses it, every
 * recorder continues with its cameras and reports them again.
 */
export class LeaseTable {
  readonly #redis: Redis;

  constructor(redis: Redis) {
    this.#redis = redis;
  }

  /** Renews this recorder's leases, and takes or releases cameras to have its share. Rejects with Redis's error. */
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
