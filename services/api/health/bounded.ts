/** What `ask` answers, or `otherwise` when it rejects or takes longer than `limitMs`. Never rejects. */
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
 * Makes of `ask` a function that asks again only when the answer before has come: questions that a hung disk or Redis
 * leaves unanswered must not pile up, nor take all threads of the pool.
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
