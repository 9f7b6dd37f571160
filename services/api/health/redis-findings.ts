import { REDIS_DOES_NOT_ANSWER } from "../../../shared/redis/redis-probe.ts";
import type { WordedFinding } from "./camera-findings.ts";
import type { Observation } from "./observation.ts";
import type { RedisFacts } from "./redis-facts.ts";

/** Below this version BullMQ refuses to work (its RedisConnection.minimumVersion). */
const MINIMUM_VERSION = [5, 0] as const;
/** Below this version BullMQ warns (recommendedMinimumVersion). */
const RECOMMENDED_VERSION = [6, 2] as const;

/** What is wrong with Redis: it is away, cannot be used, or is set up in an unreliable way. */
export function redisFindings(seen: Observation): WordedFinding[] {
  const isWhole = seen.statuses !== undefined && seen.services !== undefined && seen.backlog !== undefined;
  const trouble = seen.redisTrouble ?? (isWhole ? undefined : REDIS_DOES_NOT_ANSWER);
  if (trouble === undefined) return setUpFindings(seen.redisFacts ?? {}, true);
  const away: WordedFinding = {
    id: "redis-away",
    severity: "error",
    subject: "redis",
    message: `${trouble.message}; recording goes on, conversion waits`,
    advice: trouble.todo,
  };
  return [away, ...setUpFindings(seen.redisFacts ?? {}, false)];
}

/** @param takesWrites false: no finding for a replica, since redis-away already says so */
function setUpFindings({ eviction, version, replicaOf }: RedisFacts, takesWrites: boolean): WordedFinding[] {
  const findings: WordedFinding[] = [];
  if (eviction !== undefined) {
    findings.push({
      id: "redis-evicts",
      severity: "warning",
      subject: "redis",
      message:
        `Redis throws away keys when its memory is full (maxmemory-policy ${eviction.policy}; ` +
        `${eviction.evictedKeys} since it was started): jobs, leases of cameras and the history of conditions may go`,
      advice:
        "Set maxmemory-policy noeviction (redis-cli CONFIG SET, and in its configuration). Where others share it and need " +
        "eviction, give Hindsight a Redis of its own: 100 MB is plenty.",
    });
  }
  if (replicaOf !== undefined && takesWrites) {
    findings.push({
      id: "redis-replica",
      severity: "warning",
      subject: "redis",
      message: `Redis is a replica of ${replicaOf} that takes writes: they are lost when it next copies its master anew`,
      advice: "Point redis.url at the master, or make this one a master: redis-cli REPLICAOF NO ONE.",
    });
  }
  if (version !== undefined && isBelow(version, RECOMMENDED_VERSION)) {
    const isRefused = isBelow(version, MINIMUM_VERSION);
    findings.push({
      id: "redis-outdated",
      severity: isRefused ? "error" : "warning",
      subject: "redis",
      message: isRefused
        ? `Redis ${version} is too old: the conversion queue needs ${MINIMUM_VERSION.join(".")}`
        : `Redis ${version} is old: the conversion queue wants ${RECOMMENDED_VERSION.join(".")}`,
      advice: `Install Redis ${RECOMMENDED_VERSION.join(".")} or newer, or Valkey.`,
    });
  }
  return findings;
}

/** Whether a version is older than another; false when it cannot be parsed. */
function isBelow(version: string, [major, minor]: readonly [number, number]): boolean {
  const [ownMajor = Number.NaN, ownMinor = 0] = version.split(".").map(Number);
  return ownMajor < major || (ownMajor === major && ownMinor < minor);
}
