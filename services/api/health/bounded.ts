/** Returns what `ask` resolves to, or `otherwise` when it rejects or takes longer than `limitMs`. Never rejects. */
export async function bounded<Value, Otherwise>(
  ask: () => Promise<Value>,
  limitMs: number,
  otherwise: Otherwise,
): Promise<Value | Otherwise> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<Otherwise>((resolve) => {
    timer = setTimeout(resolve, limitMs, otherwise);
  });
  try {
    return await Promise.race([ask(), limit]);
  } catch {
    return otherwise;
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Wraps `ask` so that it is not called again while a call is pending; callers share the pending promise. Calls that a
 * hung disk or Redis does not answer must not pile up or take all threads of the pool.
 */
export function oneAtATime<Value>(ask: () => Promise<Value>): () => Promise<Value> {
  let pending: Promise<Value> | undefined;
  return () => {
    pending ??= ask().finally(() => {
      pending = undefined;
    });
    return pending;
  };
}
