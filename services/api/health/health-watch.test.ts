import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { PassThrough } from "node:stream";
import type { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import winston from "winston";
import type { Finding } from "../../../shared/health/condition.ts";
import { RedisHealthStore } from "../../../shared/health/health-store.ts";
import { connectRedis } from "../../../shared/redis/connect-redis.ts";
import { dumpRedis, startRedis, type TestRedis } from "../../../tests/support/redis.ts";
import { StoreFixture } from "../../../tests/support/store-fixture.ts";
import { HealthWatch } from "./health-watch.ts";
import type { Judgement } from "./system-status.ts";

const SECRET_PATH = "/hooks/T0123456789-very-secret";
const PATIENCE_MS = 600;

interface Posted {
  event: string;
  delivery: string;
  text: string;
  condition: { id: string; subject: string; since: string };
}

let redisServer: TestRedis;
let receiver: Server;
/** How the receiver answers; it records what it accepts. */
let answer: (body: Posted) => number;
let asked = 0;
let accepted: Posted[];
let logins: (string | undefined)[];
let store: StoreFixture;
let findings: Finding[];
let log: string[];
const ends: (() => Promise<void>)[] = [];

beforeEach(async () => {
  redisServer = await startRedis();
  asked = 0;
  [accepted, logins, log, findings] = [[], [], [], []];
  answer = () => 204;
  receiver = createServer(async (request, response) => {
    asked++;
    let text = "";
    for await (const piece of request) text += piece;
    const body = JSON.parse(text) as Posted;
    const status = answer(body);
    if (status < 300) {
      accepted.push(body);
      logins.push(request.headers.authorization);
    }
    response.writeHead(status).end();
  }).listen(0, "127.0.0.1");
  await once(receiver, "listening");
  const webhookUrl = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}${SECRET_PATH}`;
  store = new StoreFixture();
  store.config.change({ health: { ...store.config.current.health, patienceMs: PATIENCE_MS, webhookUrl } });
});

afterEach(async () => {
  for (const end of ends.splice(0)) await end();
  receiver.closeAllConnections();
  receiver.close();
  await redisServer.stop();
  store.remove();
  expect(log.join("\n")).not.toContain(SECRET_PATH);
});

/** The watch of an api, with its own connection to Redis. */
function startWatch(instance: string): { watch: HealthWatch; stop: () => Promise<void>; redis: Redis } {
  const redis = connectRedis(redisServer.url, winston.createLogger({ silent: true }));
  const stream = new PassThrough().on("data", (line) => log.push(String(line)));
  const logger = winston.createLogger({ transports: new winston.transports.Stream({ stream }) });
  const monitor = {
    judgement: async () => ({ findings, isUnknown: () => false }) as unknown as Judgement,
  };
  const watch = new HealthWatch({
    config: store.config,
    monitor,
    store: new RedisHealthStore(redis, instance),
    instance,
    logger,
    withoutKeeperDelayMs: 2 * PATIENCE_MS,
  });
  const lookAtOnce = () => watch.start();
  redis.on("ready", lookAtOnce);
  watch.start();
  let isStopped = false;
  const stop = async () => {
    if (isStopped) return;
    isStopped = true;
    redis.off("ready", lookAtOnce);
    await watch.stop();
    redis.disconnect();
  };
  ends.push(stop);
  return { watch, stop, redis };
}

const refused = (subject = "yard"): Finding => {
  const words = { message: "not recording (refused): 401", advice: "see its password" };
  return { id: "camera-not-recording", severity: "error", subject, ...words };
};
const told = () => accepted.map(({ event, condition }) => `${event} ${condition.subject}`);
const until = (check: () => void) => vi.waitFor(check, { timeout: 60_000, interval: 50 });
/** Long enough for several checks. */
const pause = () => new Promise((resolve) => setTimeout(resolve, 2 * PATIENCE_MS));

describe("the webhook", () => {
  it("is told once when a condition begins and once when it ends, after having failed at first", async () => {
    const { watch } = startWatch("one");
    answer = () => (asked === 1 ? 500 : asked === 2 ? 302 : 204);
    findings = [refused()];
    await until(() => expect(told()).toEqual(["began yard"]));
    expect(asked).toBe(3);
    expect(watch.conditions()).toMatchObject([{ id: "camera-not-recording", subject: "yard" }]);
    findings = [];
    await until(() => expect(told()).toEqual(["began yard", "ended yard"]));
    expect(watch.conditions()).toEqual([]);
    expect(accepted[0]).toEqual({
      delivery: expect.any(String),
      event: "began",
      at: expect.stringMatching(/Z$/),
      system: "Hindsight",
      condition: {
        id: "camera-not-recording",
        severity: "error",
        subject: "yard",
        since: expect.stringMatching(/Z$/),
        message: "not recording (refused): 401",
        advice: "see its password",
      },
      text: "error: yard: not recording (refused): 401",
    });
    expect(accepted[1]).toMatchObject({ condition: { since: accepted[0]?.condition.since } });
    await pause();
    expect(accepted).toHaveLength(2);
    expect(log.filter((line) => line.includes("does not accept a message (HTTP 500)"))).toHaveLength(1);
    expect(log.filter((line) => line.includes("accepts messages again"))).toHaveLength(1);
  });

  it("is told neither twice of a beginning nor never of an end when the api is started anew in between", async () => {
    findings = [refused()];
    const first = startWatch("first");
    await until(() => expect(told()).toEqual(["began yard"]));
    const since = first.watch.conditions()[0]?.since;
    await first.stop();
    const second = startWatch("second");
    await until(() => expect(second.watch.conditions()).toMatchObject([{ since }]));
    await pause();
    expect(told()).toEqual(["began yard"]);
    await second.stop();
    findings = [];
    startWatch("third");
    await until(() => expect(told()).toEqual(["began yard", "ended yard"]));
  });

  it("gets what it did not accept before the api was started anew, in order, under the same delivery", async () => {
    findings = [refused()];
    const refusedDeliveries = new Set<string>();
    answer = ({ delivery }) => {
      refusedDeliveries.add(delivery);
      return 503;
    };
    const first = startWatch("first");
    await until(() => expect(asked).toBeGreaterThan(0));
    findings = [];
    await until(() => expect(first.watch.waitingMessages).toBe(2));
    await first.stop();
    answer = () => 204;
    startWatch("second");
    await until(() => expect(told()).toEqual(["began yard", "ended yard"]));
    expect(refusedDeliveries).toEqual(new Set([accepted[0]?.delivery]));
    await pause();
    expect(accepted).toHaveLength(2);
  });

  it("is told by one of several replicas, and by another when that one is gone; all show the same", async () => {
    const replicas = ["one", "two", "three"].map(startWatch);
    findings = [refused()];
    await until(() => {
      for (const { watch } of replicas) expect(watch.conditions()).toHaveLength(1);
    });
    await pause();
    expect(told()).toEqual(["began yard"]);
    findings = [refused(), refused("door")];
    await replicas[0]?.stop();
    await replicas[1]?.stop();
    await until(() => expect(told()).toEqual(["began yard", "began door"]));
    findings = [];
    await until(() => expect(told().sort()).toEqual(["began door", "began yard", "ended door", "ended yard"]));
  });

  it("is told while Redis is away, by the one that told before, and nothing again when Redis is back, empty", async () => {
    const replicas = ["one", "two"].map(startWatch);
    findings = [refused()];
    await until(() => expect(told()).toEqual(["began yard"]));
    const { port } = redisServer;
    await redisServer.kill();
    const away: Finding = { ...refused("redis"), id: "redis-away" };
    findings = [refused(), away];
    await until(() => expect(told()).toEqual(["began yard", "began redis"]));
    redisServer = await startRedis({ port });
    findings = [refused()];
    await until(() => expect(told()).toEqual(["began yard", "began redis", "ended redis"]));
    await pause();
    expect(accepted).toHaveLength(3);
    for (const { watch } of replicas) expect(watch.conditions()).toMatchObject([{ subject: "yard" }]);
  });

  it("is told by an api that was started without Redis, after a while, and nothing again when Redis is there", async () => {
    const { port } = redisServer;
    await redisServer.kill();
    const beganMs = performance.now();
    findings = [{ ...refused("redis"), id: "redis-away", isSettled: true }];
    startWatch("one");
    await until(() => expect(told()).toEqual(["began redis"]));
    expect(performance.now() - beganMs).toBeGreaterThan(2 * PATIENCE_MS);
    redisServer = await startRedis({ port });
    findings = [];
    await until(() => expect(told()).toEqual(["began redis", "ended redis"]));
    await pause();
    expect(accepted).toHaveLength(2);
  });

  it("takes user and password of its URL as credentials, and shows neither them nor its path anywhere", async () => {
    const { health } = store.config.current;
    const webhookUrl = health.webhookUrl?.replace("http://", "http://operator:pass%40word@") ?? "";
    store.config.change({ health: { ...health, webhookUrl } });
    startWatch("one");
    answer = () => (asked === 1 ? 401 : 200);
    findings = [refused()];
    await until(() => expect(told()).toEqual(["began yard"]));
    expect(logins).toEqual([`Basic ${Buffer.from("operator:pass@word").toString("base64")}`]);
    const everything = log.join("\n") + (await dumpRedis(redisServer.url));
    expect(everything).toContain("HTTP 401");
    expect(everything).not.toMatch(/very-secret|pass%40word|pass@word/);
  });

  it("is not told when there is none; one that is configured later is told of what goes on", async () => {
    const { health } = store.config.current;
    const { webhookUrl: _, ...none } = health;
    store.config.change({ health: none });
    const { watch } = startWatch("one");
    findings = [refused()];
    await until(() => expect(watch.conditions()).toHaveLength(1));
    await pause();
    expect(asked).toBe(0);
    store.config.change({ health });
    await until(() => expect(told()).toEqual(["began yard"]));
  });
});

describe("the history", () => {
  const day = () => ({ fromMs: Date.now() - 86_400_000, toMs: Date.now() + 1, cameras: undefined });
  /** Conditions that still hold get an ellipsis. */
  const listed = async (watch: HealthWatch) =>
    (await watch.history(day())).conditions.map(({ subject, until }) => `${subject}${until === undefined ? "…" : ""}`);

  it("has what lasts and what has ended, at each replica and after all were started anew, webhook or not", async () => {
    const { webhookUrl: _, ...health } = store.config.current.health;
    store.config.change({ health });
    const replicas = ["one", "two"].map(startWatch);
    findings = [refused(), refused("door")];
    for (const { watch } of replicas) await until(async () => expect(await listed(watch)).toEqual(["yard…", "door…"]));
    const beforeMs = Date.now();
    findings = [refused("door")];
    // It is always in at least one of the two.
    for (let isOver = false; !isOver; ) {
      for (const { watch } of replicas) expect(await listed(watch)).toHaveLength(2);
      isOver = replicas.every(({ watch }) => watch.conditions().length === 1);
    }
    for (const { stop } of replicas) await stop();
    const { watch } = startWatch("three");
    await until(async () => expect(await listed(watch)).toEqual(["yard", "door…"]));
    const { conditions, isPartial } = await watch.history(day());
    expect(isPartial).toBe(false);
    expect(conditions[0]).toEqual({
      ...{ id: "camera-not-recording", severity: "error", subject: "yard", message: "not recording (refused): 401" },
      since: expect.stringMatching(/Z$/),
      until: expect.stringMatching(/Z$/),
    });
    const endedMs = Date.parse(conditions[0]?.until ?? "");
    expect(endedMs - beforeMs).toBeLessThan(PATIENCE_MS); // when it was over, not when that was reported
  });

  it("remembers what ends while Redis is away, notes it when Redis is back, and has lost the rest if that is empty", async () => {
    const { watch, redis } = startWatch("one");
    findings = [refused("before")];
    await until(() => expect(watch.conditions()).toHaveLength(1));
    findings = [refused()];
    await until(async () => expect(await listed(watch)).toEqual(["before", "yard…"]));
    const { port } = redisServer;
    await redisServer.kill();
    findings = [];
    await until(() => expect(watch.conditions()).toEqual([]));
    expect(await listed(watch)).toEqual(["yard"]);
    expect((await watch.history(day())).isPartial).toBe(true);
    redisServer = await startRedis({ port });
    const noted = new RedisHealthStore(redis, "reader");
    await until(async () => expect(await noted.past(0)).toHaveLength(1)); // another claim before this would win
    const { watch: other } = startWatch("two");
    await until(async () => expect(await listed(other)).toEqual(["yard"]));
  });

  it("remembers no more than a thousand while Redis is away, the newest", async () => {
    await redisServer.kill();
    const { watch } = startWatch("one");
    const names = Array.from({ length: 1005 }, (_, i) => `camera-${i}`);
    findings = names.slice(0, 5).map((name) => refused(name));
    await until(() => expect(watch.conditions()).toHaveLength(5));
    findings = names.slice(5).map((name) => refused(name));
    await until(() => expect(watch.conditions()).toHaveLength(1000));
    findings = [];
    await until(() => expect(watch.conditions()).toEqual([]));
    expect(await listed(watch)).toEqual(names.slice(5));
    redisServer = await startRedis();
  });
});
