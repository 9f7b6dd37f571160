import type { Redis } from "ioredis";

const CHANNEL = "hindsight:free-up";

/**
 * Asks the reaper to make space at once on the disk of a camera directory; to be called when a write met ENOSPC. Never
 * rejects and need not be awaited: while Redis is away nothing is asked, and the reaper finds the full disk by itself.
 */
export async function requestFreeUp(redis: Redis, directory: string): Promise<void> {
  if (redis.status !== "ready") return;
  await redis.publish(CHANNEL, directory).catch(() => {});
}

/** Calls back with each directory for which space is asked; returns a function that ends it. */
export function onFreeUpRequest(redis: Redis, listener: (directory: string) => void): () => void {
  // A connection that subscribes can do nothing else.
  const subscriber = redis.duplicate();
  subscriber.on("error", () => {}); // the main connection tells that Redis is away
  subscriber.on("message", (_channel, directory) => listener(directory));
  subscriber.subscribe(CHANNEL).catch(() => {});
  return () => subscriber.disconnect();
}
