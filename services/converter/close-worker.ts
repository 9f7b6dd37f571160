import type { Redis } from "ioredis";
import { within } from "../../shared/redis/within.ts";
import type { UnderWay } from "./under-way.ts";

const STOP_LIMIT_MS = 20_000;
/** What Redis is told of the last jobs takes milliseconds. */
const GOODBYE_LIMIT_MS = 2000;
const GOODBYE_WITHOUT_REDIS_MS = 300;

/** What is closed, and what says when that is worth waiting for. */
export interface ClosingWorker {
  worker: { close(): Promise<void> };
  underWay: UnderWay;
  redis: Pick<Redis, "status">;
}

/**
 * Closes a BullMQ worker: takes no more jobs, finishes those under way within 20 s, and lets go. `close` of BullMQ waits for
 * Redis's answer to every question that was asked, which never comes while Redis is away or refuses the password; so nothing is
 * waited for once no job is under way and Redis has had a moment. Rejects with TimeoutError when the jobs take too long.
 */
export async function closeWorker({ worker, underWay, redis }: ClosingWorker): Promise<void> {
  const closed = worker.close();
  closed.catch(() => {}); // when nobody waits any more
  const idle = async () => {
    do {
      await underWay.none();
      // A job that was fetched already may begin meanwhile.
      const patienceMs = redis.status === "ready" ? GOODBYE_LIMIT_MS : GOODBYE_WITHOUT_REDIS_MS;
      await new Promise((wake) => setTimeout(wake, patienceMs));
    } while (underWay.count > 0);
  };
  await within(Promise.race([closed, idle()]), STOP_LIMIT_MS, "finishing what is being converted");
}
