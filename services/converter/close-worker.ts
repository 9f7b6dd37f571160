import type { Redis } from "ioredis";
import { within } from "../../shared/redis/within.ts";
import type { UnderWay } from "./under-way.ts";

const STOP_LIMIT_MS = 20_000;
/** How long Redis may take to store the outcome of the last jobs; normally milliseconds. */
const GOODBYE_LIMIT_MS = 2000;
const GOODBYE_WITHOUT_REDIS_MS = 300;

/** The worker to close, and what is needed to decide how long to wait for it. */
export interface ClosingWorker {
  worker: { close(): Promise<void> };
  underWay: UnderWay;
  redis: Pick<Redis, "status">;
}

/**
 * Closes a BullMQ worker: it takes no more jobs, and finishes those under way within 20 s. BullMQ's own `close` waits
 * until Redis has answered every open request, which never happens while Redis is away or refuses the password. So this
 * stops waiting once no job is under way and Redis has had a moment. Rejects with TimeoutError when the jobs take too
 * long.
 */
export async function closeWorker({ worker, underWay, redis }: ClosingWorker): Promise<void> {
  const closed = worker.close();
  closed.catch(() => {}); // it may reject after nobody waits for it any more
  const idle = async () => {
    do {
      await underWay.none();
      // A job that has already been fetched may begin in the meantime.
      const patienceMs = redis.status === "ready" ? GOODBYE_LIMIT_MS : GOODBYE_WITHOUT_REDIS_MS;
      await new Promise((wake) => setTimeout(wake, patienceMs));
    } while (underWay.count > 0);
  };
  await within(Promise.race([closed, idle()]), STOP_LIMIT_MS, "finishing what is being converted");
}
