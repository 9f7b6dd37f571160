import type { Redis } from "ioredis";

/** How a Redis is set up. What it does not report is left out, and no finding follows from that. */
export interface RedisFacts {
  /** `redis_version`; left out for Valkey and Dragonfly, whose version numbers mean something else. */
  version?: string;
  /** Set when it evicts keys once its memory is full. */
  eviction?: { policy: string; evictedKeys: number };
  /** Set when it is a replica: host and port of its master. */
  replicaOf?: string;
  /** Whether it keeps data on a disk: in an append-only file, or in snapshots. */
  isPersistent?: boolean;
}

/** The error for a command that this Redis lacks or forbids our user: managed ones forbid CONFIG, and some INFO. */
const REFUSAL = /^(?:NOPERM|ERR unknown (?:command|subcommand))/i;

/** Calls INFO, and CONFIG GET where that is not enough. Rejects as ioredis does when Redis does not answer. */
export async function readRedisFacts(redis: Pick<Redis, "info" | "config">): Promise<RedisFacts> {
  const facts = factsOf(await unlessRefused(redis.info(), ""));
  if (facts.isPersistent !== false) return facts;
  const { isPersistent: _isAppended, ...rest } = facts;
  const [, save] = (await unlessRefused(redis.config("GET", "save"), [])) as (string | undefined)[];
  return save === undefined ? rest : { ...rest, isPersistent: save !== "" };
}

async function unlessRefused<Answer, Otherwise>(
  answer: Promise<Answer>,
  otherwise: Otherwise,
): Promise<Answer | Otherwise> {
  try {
    return await answer;
  } catch (error) {
    if (REFUSAL.test((error as Error).message)) return otherwise;
    throw error;
  }
}

/** Parses the text of INFO (redis.io, command INFO); `isPersistent` considers the append-only file only. */
export function factsOf(info: string): RedisFacts {
  const fields = new Map(
    info.split(/\r?\n/).map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon), line.slice(colon + 1)] as const;
    }),
  );
  const facts: RedisFacts = {};
  const version = fields.get("redis_version");
  const isOther = fields.has("valkey_version") || fields.has("dragonfly_version");
  if (version !== undefined && !isOther) facts.version = version;
  const policy = fields.get("maxmemory_policy") ?? "noeviction";
  const evictedKeys = Number(fields.get("evicted_keys") ?? 0);
  // Without a limit nothing is ever evicted; where the limit is not reported, evicted keys show that there is one.
  const isLimited = Number(fields.get("maxmemory") ?? evictedKeys) > 0;
  if (policy !== "noeviction" && isLimited) facts.eviction = { policy, evictedKeys };
  if (fields.get("role") === "slave") facts.replicaOf = `${fields.get("master_host")}:${fields.get("master_port")}`;
  const appended = fields.get("aof_enabled");
  if (appended !== undefined) facts.isPersistent = appended === "1";
  return facts;
}
