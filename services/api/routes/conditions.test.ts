import { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { PastCondition } from "../../../shared/health/condition.ts";
import { RedisHealthStore } from "../../../shared/health/health-store.ts";
import { startRedis, type TestRedis } from "../../../tests/support/redis.ts";
import { StoreFixture } from "../../../tests/support/store-fixture.ts";
import { ApiFixture } from "../testing/api-fixture.ts";

const CONDITIONS = "/api/1/conditions";
const MINUTE_MS = 60_000;
let server: TestRedis;
let redis: Redis;
let store: StoreFixture;
let api: ApiFixture;
let nowMs: number;

beforeEach(async () => {
  server = await startRedis();
  redis = new Redis(server.url);
  await redis.ping();
  store = new StoreFixture({ "front-door": {}, yard: {} });
  nowMs = Date.now();
  // An api without any other service finds that Redis is away: a condition that still holds.
  api = await new ApiFixture(store, { watchesHealth: true, healthStore: new RedisHealthStore(redis, "test") }).start();
});
afterEach(async () => {
  await api.stop();
  redis.disconnect();
  await server.stop();
  store.remove();
});

const ago = (minutes: number) => new Date(nowMs - minutes * MINUTE_MS).toISOString();

/** Saves conditions as an earlier keeper would have done. */
async function note(...conditions: Pick<PastCondition, "id" | "subject" | "since" | "until">[]): Promise<void> {
  const keeper = new RedisHealthStore(redis, "earlier");
  await redis.set("hindsight:health:keeper", "earlier");
  const ended = conditions.map((each) => ({ severity: "warning", message: "was wrong", ...each }) as const);
  if (!(await keeper.save("{}", ended))) throw new Error("not noted");
  await keeper.release();
}

const off = (subject: string, since: number, until: number) =>
  ({ id: "camera-clock-off", subject, since: ago(since), until: ago(until) }) as const;

async function ask(query: string): Promise<{ conditions: PastCondition[]; next?: string; partial?: boolean }> {
  const reply = await api.get(`${CONDITIONS}?${query}`);
  expect(reply.status, reply.text).toBe(200);
  return reply.json();
}

const names = (conditions: PastCondition[]) => conditions.map(({ subject }) => subject);

describe("conditions", () => {
  it("are those that lasted within the time asked for, whatever they were about, in the order of their ends", async () => {
    const disk = { id: "disk-full", subject: "/data", since: ago(300), until: ago(45) } as const;
    await note(off("yard", 90, 50), off("front-door", 40, 30), disk, off("yard", 20, 10));
    const whole = await ask(`from=${ago(600)}&to=${ago(0)}`);
    expect(whole).toEqual({
      from: ago(600),
      to: ago(0),
      conditions: [
        { ...off("yard", 90, 50), severity: "warning", message: "was wrong" },
        { ...disk, severity: "warning", message: "was wrong" },
        { ...off("front-door", 40, 30), severity: "warning", message: "was wrong" },
        { ...off("yard", 20, 10), severity: "warning", message: "was wrong" },
      ],
    });
    expect(names((await ask(`from=${ago(50)}&to=${ago(40)}`)).conditions)).toEqual(["/data"]); // both ends excluded
    expect(names((await ask(`from=${ago(51)}&to=${ago(39)}`)).conditions)).toEqual(["yard", "/data", "front-door"]);
    expect(names((await ask(`from=${ago(600)}&to=${ago(0)}&camera_ids=yard`)).conditions)).toEqual(["yard", "yard"]);
    expect((await ask("day=20200101")).conditions).toEqual([]);
  });

  it("that last have no end, and come last", async () => {
    await note(off("yard", 20, 10));
    const { patienceMs } = store.config.current.health;
    store.config.change({ health: { ...store.config.current.health, patienceMs: 600 } });
    expect(patienceMs).toBeGreaterThan(600);
    await expect.poll(() => api.parts.health.conditions().length, { timeout: 15_000 }).toBeGreaterThan(0);
    const { conditions } = await ask(`from=${ago(30)}&to=${new Date(Date.now() + 1).toISOString()}`);
    expect(names(conditions).slice(0, 2)).toEqual(["yard", "redis"]);
    expect(conditions[1]).toEqual({
      id: "redis-away",
      severity: "error",
      subject: "redis",
      since: expect.stringMatching(/Z$/),
      message: expect.stringContaining("Redis"),
    });
    expect(names((await ask(`from=${ago(30)}&to=${ago(5)}`)).conditions)).toEqual(["yard"]);
  });

  it("join from pages to the whole list, those that ended at the same time together", async () => {
    const all = Array.from({ length: 7 }, (_, i) => off(`camera-${i}`, 100 + i, 50 - Math.floor(i / 3)));
    await note(...all);
    const pages: string[][] = [];
    for (let query: string | undefined = `from=${ago(600)}&to=${ago(0)}&limit=2`; query !== undefined; ) {
      const { conditions, next } = await ask(query);
      pages.push(names(conditions));
      query = next?.slice(1);
    }
    expect(pages.map((page) => page.length)).toEqual([3, 3, 1]);
    expect(pages.flat()).toEqual(names((await ask(`from=${ago(600)}&to=${ago(0)}`)).conditions));
    expect((await ask(`from=${ago(600)}&to=${ago(0)}&limit=7`)).next).toBeUndefined();
  });

  it("may be kept while they are the same", async () => {
    await note(off("yard", 20, 10));
    const path = `${CONDITIONS}?from=${ago(600)}&to=${ago(5)}`;
    const { etag } = (await api.get(path)).headers;
    expect((await api.get(path, { "If-None-Match": etag as string })).status).toBe(304);
    await note(off("yard", 9, 8));
    expect((await api.get(path, { "If-None-Match": etag as string })).status).toBe(200);
  });

  it("are told in part while Redis does not answer", async () => {
    await note(off("yard", 20, 10));
    await server.kill();
    await expect.poll(() => redis.status).not.toBe("ready");
    expect(await ask(`from=${ago(600)}&to=${ago(0)}`)).toMatchObject({ conditions: [], partial: true });
    server = await startRedis();
  });

  it("are refused for cameras that never were and stretches that are none", async () => {
    expect((await api.get(`${CONDITIONS}?day=20261124&camera_ids=nobody`)).status).toBe(404);
    for (const query of ["", "day=20260231", "day=20261124&limit=0", "from=2026-11-24T00:00:00Z", "day=1&day=2"]) {
      expect((await api.get(`${CONDITIONS}?${query}`)).status, query).toBe(400);
    }
    expect((await api.get(CONDITIONS, {}, "POST")).status).toBe(405);
  });
});
