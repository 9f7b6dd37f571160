import { Redis } from "ioredis";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { startRedis, type TestRedis } from "../../../tests/support/redis.ts";
import { LeaseKeeper } from "./lease-keeper.ts";
import { LEASE_MS, LeaseTable } from "./lease-table.ts";

const CAMERAS = ["a", "b", "c", "d", "e"];

/** A recorder without cameras: it "receives" what it runs, unless it is told otherwise. */
class Recorder {
  readonly redis: Redis;
  readonly keeper: LeaseKeeper;
  running: ReadonlySet<string> = new Set();
  receives = (_camera: string) => true;
  cameras = CAMERAS;
  isFrozen = false;

  constructor(name: string, url: string, isDead: (name: string) => boolean = () => false) {
    this.redis = new Redis(url, { maxRetriesPerRequest: null, retryStrategy: () => 100 });
    this.redis.on("error", () => {});
    const table = new LeaseTable(this.redis);
    this.keeper = new LeaseKeeper({
      recorder: name,
      ask: (question) => (this.isFrozen ? new Promise(() => {}) : table.ask(question)),
      isDead,
      cameras: () => this.cameras,
      recording: () => [...this.running].filter((camera) => this.receives(camera)),
      run: (cameras) => {
        this.running = cameras;
      },
    });
    this.keeper.start();
  }

  /** Ends it as kill -9 does. */
  kill(): void {
    this.isFrozen = true;
    this.redis.disconnect();
    this.running = new Set();
  }
}

let server: TestRedis;
const recorders: Recorder[] = [];

function start(name: string, isDead?: (name: string) => boolean): Recorder {
  const recorder = new Recorder(name, server.url, isDead);
  recorders.push(recorder);
  return recorder;
}

/** Each camera run by exactly one of them, and no one has two more than another. */
function expectEvenShares(...sharing: Recorder[]): void {
  expect(sharing.flatMap(({ running }) => [...running]).sort()).toEqual(CAMERAS);
  const counts = sharing.map(({ running }) => running.size);
  expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
}

const eventually = (check: () => void, timeout = 20_000) => vi.waitFor(check, { timeout, interval: 50 });

beforeEach(async () => {
  server = await startRedis();
});

afterEach(async () => {
  for (const recorder of recorders.splice(0)) recorder.kill();
  await server.stop();
});

test("recorders share the cameras evenly, and again when one comes or goes", async () => {
  const one = start("one");
  await eventually(() => expectEvenShares(one));
  const two = start("two");
  const three = start("three");
  await eventually(() => expectEvenShares(one, two, three));
  two.kill();
  await eventually(() => expectEvenShares(one, three));
});

test("a camera is let go only when its new holder receives it", async () => {
  const one = start("one");
  await eventually(() => expectEvenShares(one));
  const two = start("two");
  two.receives = () => false;
  await eventually(() => expect(two.running.size).toBe(2));
  await new Promise((wake) => setTimeout(wake, 2000));
  expect(one.running.size).toBe(5);
  two.receives = () => true;
  await eventually(() => expectEvenShares(one, two));
});

test("a recorder that leaves goes on with each camera until another receives it", async () => {
  const [one, two] = [start("one"), start("two")];
  await eventually(() => expectEvenShares(one, two));
  const uncovered: string[] = [];
  const watch = setInterval(() => {
    for (const camera of CAMERAS) if (!one.running.has(camera) && !two.running.has(camera)) uncovered.push(camera);
  }, 5);
  await two.keeper.leave();
  clearInterval(watch);
  expect(uncovered).toEqual([]);
  expect(two.running.size).toBe(0);
  expectEvenShares(one);
});

test("the last recorder leaves at once", async () => {
  const one = start("one");
  await eventually(() => expectEvenShares(one));
  const startedMs = performance.now();
  await one.keeper.leave();
  expect(performance.now() - startedMs).toBeLessThan(LEASE_MS - 1000);
});

test("a recorder whose process is known to be gone is not waited for", async () => {
  const one = start("one");
  await eventually(() => expectEvenShares(one));
  one.kill();
  const startedMs = performance.now();
  const next = start("next", (name) => name === "one");
  await eventually(() => expectEvenShares(next));
  expect(performance.now() - startedMs).toBeLessThan(LEASE_MS - 1000);
});

test("while Redis is away every recorder goes on with what it has, and when it comes back empty, too", async () => {
  const [one, two] = [start("one"), start("two")];
  await eventually(() => expectEvenShares(one, two));
  const before = [one, two].map(({ running }) => [...running]);
  const lost: string[] = [];
  const watch = setInterval(() => {
    for (const camera of CAMERAS) if (!one.running.has(camera) && !two.running.has(camera)) lost.push(camera);
  }, 5);
  const { port } = server;
  await server.kill();
  await new Promise((wake) => setTimeout(wake, LEASE_MS + 1000));
  expect([one, two].map(({ running }) => [...running])).toEqual(before);
  server = await startRedis({ port });
  await eventually(() => expect(one.redis.status + two.redis.status).toBe("readyready"));
  await new Promise((wake) => setTimeout(wake, 2000));
  await eventually(() => expectEvenShares(one, two));
  clearInterval(watch);
  expect(lost).toEqual([]);
});

test("a recorder that starts while Redis is away records everything, and shares when it is back", async () => {
  const { port } = server;
  await server.kill();
  const [one, two] = [start("one"), start("two")];
  await eventually(() => expect([one.running.size, two.running.size]).toEqual([5, 5]));
  server = await startRedis({ port });
  await eventually(() => expectEvenShares(one, two));
});

test("a camera that is configured later is taken, one that is removed is let go", async () => {
  const [one, two] = [start("one"), start("two")];
  await eventually(() => expectEvenShares(one, two));
  for (const recorder of [one, two]) recorder.cameras = ["a", "b", "f"];
  await eventually(() => expect([...one.running, ...two.running].sort()).toEqual(["a", "b", "f"]));
});
