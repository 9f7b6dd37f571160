import { Redis } from "ioredis";
import type { Logger } from "../logging/logger.ts";
import { maskUrls } from "../logging/mask.ts";

const LONGEST_PAUSE_MS = 5000;

/**
 * A Redis client that reconnects for ever, with settings that fit BullMQ. Calls wait while Redis is away: limit them
 * with `within`, or check `status` first. Logs one warning when Redis goes away, and one line when it is back.
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
  // There is no error before "close" when the server ends the connection in an orderly way.
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

/** Host and port without user and password; the path of a socket is returned unchanged. */
function address(url: string): string {
  try {
    return new URL(url).host || url;
  } catch {
    return maskUrls(url);
  }
}
