import { Redis } from "ioredis";
import type { Logger } from "../logging/logger.ts";
import { maskUrls } from "../logging/mask.ts";

const LONGEST_PAUSE_MS = 5000;

/**
 * A Redis client that tries for ever to be connected, with settings that fit BullMQ. Calls wait while Redis is away: bound
 * them by `within`, or look at `status` first. Logs one warning when Redis goes away, and one line when it is back.
 */
export function connectRedis(url: string, logger: Logger): Redis {
  const redis = new Redis(url, {
    maxRetriesPerRequest: null,
    connectTimeout: 5000,
    keepAlive: 10_000,
    retryStrategy: (attempt: number) => Math.min(100 * 2 ** Math.min(attempt, 10), LONGEST_PAUSE_MS),
  });
  let away = false;
  const warn = (reason: string) => {
    if (away) return;
    away = true;
    logger.warn(
      `Redis at ${address(url)} is away (${reason}): recording goes on, conversion and live status wait. ` +
        "Start redis-server, or correct redis.url (REDIS_URL)",
    );
  };
  redis.on("error", (error: Error) => warn(reasonOf(error)));
  // "close" comes without an error when the server ends the connection in good order.
  redis.on("close", () => {
    if (redis.status !== "end") setImmediate(warn, "connection closed");
  });
  redis.on("end", () => {
    away = true;
  });
  redis.on("ready", () => {
    if (away) logger.info(`Redis at ${address(url)} is back`);
    away = false;
  });
  return redis;
}

function reasonOf(error: Error): string {
  const { code } = error as NodeJS.ErrnoException;
  return maskUrls(error.message || code || error.name);
}

/** Host and port without user and password; a path stands as it is. */
function address(url: string): string {
  try {
    return new URL(url).host || url;
  } catch {
    return maskUrls(url);
  }
}
