import type { Redis } from "ioredis";

const CHANNEL = "hindsight:free-up";

/**
 * Asks the reaper to free space at once on the disk of a camera directory; to be called after a write has failed with
 * ENOSPC. Never rejects and need not be awaited: while Redis is away nothing is sent, and the reaper finds the full
 * disk itself.
 */
export async function requestFreeUp(redis: Redis, directory: string): Promise<void> {
  if (redis.status !== "ready") return;
  await redis.publish(CHANNEL, directory).catch(() => {});
}

/** Calls back with each directory for which space is requested; returns a function that ends it. */
export function onFreeUpRequest(redis: Redis, listener: (directory: string) => void): () => void {
  // A subscribed connection can be used for nothing else.
  const subscriber = redis.duplicate();
  subscriber.on("error", () => {}); // the main connection reports that Redis is away
  subscriber.on("message", (_channel, directory) => listener(directory));
  subscriber.subscribe(CHANNEL).catch(() => {});
  return () => subscriber.disconnect();
}
