import type { Queue } from "bullmq";
import type { Redis } from "ioredis";
import { RedisProbe } from "../../../shared/redis/redis-probe.ts";
import type { StatusStore } from "../../../shared/status/status-store.ts";
import { readRedisFacts } from "./redis-facts.ts";
import type { RedisSource } from "./system-monitor.ts";

/**
 * Reads from Redis, but only while it is connected: otherwise each command would wait in ioredis's queue, and a day
 * without Redis would fill the memory.
 */
export function redisSource(redis: Redis, status: StatusStore, queue: Queue): RedisSource {
  const ifConnected = async <Value>(ask: () => Promise<Value>): Promise<Value> => {
    if (redis.status !== "ready") throw new Error(`Redis is ${redis.status}`);
    return ask();
  };
  const probe = new RedisProbe(redis);
  return {
    findTrouble: () => probe.findTrouble(),
    readRedisFacts: () => ifConnected(() => readRedisFacts(redis)),
    readCameras: () => ifConnected(() => status.readCameras()),
    readServices: () => ifConnected(() => status.readServices()),
    readBacklog: () =>
      ifConnected(async () => {
        const counts = await queue.getJobCounts("wait", "prioritized", "delayed", "active", "failed");
        const { wait = 0, prioritized = 0, delayed = 0, active = 0, failed = 0 } = counts;
        return { waiting: wait + prioritized + delayed, active, failed };
      }),
  };
}
