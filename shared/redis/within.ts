/** There was no answer within the limit. */
export class TimeoutError extends Error {
  override name = "TimeoutError";
}

/**
 * The result of `promise`, unless it takes longer than `limitMs`: then rejects with TimeoutError, whose message begins
 * with `what`. The operation itself continues; calls of ioredis wait for ever while Redis is away.
 */
export async function within<Value>(promise: Promise<Value>, limitMs: number, what: string): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new TimeoutError(`${what}: no answer within ${limitMs} ms`)), limitMs);
  });
  try {
    return await Promise.race([promise, limit]);
  } finally {
    clearTimeout(timer);
  }
}
