import { setTimeout as sleep } from "node:timers/promises";
import type { Redis } from "ioredis";
import { startRedis, type TestRedis } from "../../support/redis.ts";

/** A temporary fault of Redis. */
export interface RedisFault {
  name: string;
  /** Whether no job can be taken while it lasts. */
  refuses: boolean;
  /** Whether Redis does not answer at all while it lasts. */
  isSilent: boolean;
  isLast: boolean;
  /** What each service's log says about it, with advice. */
  warning?: RegExp;
  /** What system.json says about it, with advice. */
  message?: RegExp;
  todo?: RegExp;
  /** Both return the server to use from then on. */
  begin(admin: Redis, server: TestRedis): Promise<TestRedis>;
  end(admin: Redis, server: TestRedis): Promise<TestRedis>;
}

/** Longest response time of a slow Redis, ms: shorter than all timeouts. */
const PAUSE_MS = 700;
const AWAY = {
  warning: /Redis at \S+ is away .*Start redis-server/,
  message: /does not answer/,
  todo: /Start redis-server/,
};

/** All of them, in the order in which a run goes through them. */
export function redisFaults(): RedisFault[] {
  let isSlow = false;
  let pausing = Promise.resolve();
  return [
    {
      name: "stopped",
      refuses: true,
      isSilent: true,
      isLast: false,
      ...AWAY,
      begin: async (_, server) => {
        await server.stop();
        return server;
      },
      end: (_, { port }) => startRedis({ port }),
    },
    {
      name: "read-only",
      refuses: true,
      isSilent: false,
      isLast: false,
      warning: /Redis is a read-only replica.*Point redis\.url at the master/,
      message: /read-only replica/,
      todo: /master/,
      begin: async (admin, server) => {
        await admin.replicaof("127.0.0.1", "1"); // no master listens there
        return server;
      },
      end: async (admin, server) => {
        await admin.replicaof("NO", "ONE");
        return server;
      },
    },
    {
      name: "out of memory",
      refuses: true,
      isSilent: false,
      isLast: false,
      warning: /Redis is out of memory.*Raise maxmemory/,
      message: /out of memory/,
      todo: /Raise maxmemory/,
      begin: async (admin, server) => {
        await admin.config("SET", "maxmemory-policy", "noeviction");
        await admin.config("SET", "maxmemory", "1");
        return server;
      },
      end: async (admin, server) => {
        await admin.config("SET", "maxmemory", "0");
        return server;
      },
    },
    {
      name: "hanging",
      refuses: true,
      isSilent: true,
      isLast: false,
      warning: /Redis does not answer.*see in its log/,
      message: /does not answer/,
      todo: /see in its log/,
      begin: async (_, server) => {
        server.freeze();
        return server;
      },
      end: async (_, server) => {
        server.thaw();
        return server;
      },
    },
    {
      name: "slow",
      refuses: false,
      isSilent: false,
      isLast: false,
      begin: async (admin, server) => {
        isSlow = true;
        await admin.ping();
        pausing = (async () => {
          while (isSlow && admin.status === "ready") {
            await admin.call("CLIENT", "PAUSE", String(PAUSE_MS), "ALL").catch(() => {});
            await sleep(10); // the next one waits for the end of this one
          }
        })();
        return server;
      },
      end: async (_, server) => {
        isSlow = false;
        await pausing;
        return server;
      },
    },
    {
      name: "killed, to come back empty",
      refuses: true,
      isSilent: true,
      isLast: true,
      ...AWAY,
      begin: async (_, server) => {
        await server.kill();
        return server;
      },
      end: (_, { port }) => startRedis({ port }),
    },
  ];
}
