import type { Redis } from "ioredis";

/** What a Redis tells of how it is set up; what it does not tell is left out, and nothing is concluded of that. */
export interface RedisFacts {
  /** As `redis_version`; left out for Valkey and Dragonfly, which count otherwise. */
  version?: string;
  /** Set when it throws keys away once its memory is full. */
  eviction?: { policy: string; evictedKeys: number };
  /** Set when it is a replica: host and port of its master. */
  replicaOf?: string;
  /** Whether anything of it is kept on a disk: by an append-only file, or snapshots. */
  isPersistent?: boolean;
}

/** A command that this Redis has not, or that our user may not give: managed ones forbid CONFIG, and some INFO. */
const REFUSAL = /^(?:NOPERM|ERR unknown (?:command|subcommand))/i;

/** Asks INFO, and CONFIG GET where that is not enough. Rejects as ioredis does when Redis does not answer. */
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

/** What the text of INFO tells (redis.io, command INFO); `isPersistent` by the append-only file alone. */
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
  // Without a limit nothing is ever evicted; where the limit is not told, only what was evicted shows that there is one.
  const isLimited = Number(fields.get("maxmemory") ?? evictedKeys) > 0;
  if (policy !== "noeviction" && isLimited) facts.eviction = { policy, evictedKeys };
  if (fields.get("role") === "slave") facts.replicaOf = `${fields.get("master_host")}:${fields.get("master_port")}`;
  const appended = fields.get("aof_enabled");
  if (appended !== undefined) facts.isPersistent = appended === "1";
  return facts;
}
