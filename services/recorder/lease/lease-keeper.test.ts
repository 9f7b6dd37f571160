import { Redis } from "ioredis";
import { expect, test, vi } from "vitest";
import { startRedis, type TestRedis } from "../../../tests/support/redis.ts";
import { LeaseKeeper } from "./lease-keeper.ts";
import { LEASE_MS, LeaseTable } from "./lease-table.ts";

const CAMERAS = ["a", "b", "c", "d", "e"];

/** A recorder without cameras: it "receives" all that it runs, unless the test says otherwise. */
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

/** A Redis and its recorders, for one test: the tests mostly wait, so they run concurrently. */
class Fleet {
  readonly #recorders: Recorder[] = [];
  #redis: TestRedis;

  private constructor(redis: TestRedis) {
    this.#redis = redis;
  }

  /** Runs a test with a fleet of its own, and ends the fleet. */
  static async run(body: (fleet: Fleet) => Promise<void>): Promise<void> {
    const fleet = new Fleet(await startRedis());
    try {
      await body(fleet);
    } finally {
      for (const recorder of fleet.#recorders) recorder.kill();
      await fleet.#redis.stop();
    }
  }

  start(name: string, isDead?: (name: string) => boolean): Recorder {
    const recorder = new Recorder(name, this.#redis.url, isDead);
    this.#recorders.push(recorder);
    return recorder;
  }

  async killRedis(): Promise<void> {
    await this.#redis.kill();
  }

  /** Redis comes back empty. */
  async restartRedis(): Promise<void> {
    this.#redis = await startRedis({ port: this.#redis.port });
  }
}

/** Expects that each camera is run by exactly one of them, and that their numbers of cameras differ by at most one. */
function expectEvenShares(...sharing: Recorder[]): void {
  expect(sharing.flatMap(({ running }) => [...running]).sort()).toEqual(CAMERAS);
  const counts = sharing.map(({ running }) => running.size);
  expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
}

const eventually = (check: () => void, timeout = 20_000) => vi.waitFor(check, { timeout, interval: 50 });

test.concurrent("recorders share the cameras evenly, and again when one comes or goes", () =>
  Fleet.run(async (fleet) => {
    const one = fleet.start("one");
    await eventually(() => expectEvenShares(one));
    const two = fleet.start("two");
    const three = fleet.start("three");
    await eventually(() => expectEvenShares(one, two, three));
    two.kill();
    await eventually(() => expectEvenShares(one, three));
  }));

test.concurrent("a camera is let go only when its new holder receives it", () =>
  Fleet.run(async (fleet) => {
    const one = fleet.start("one");
    await eventually(() => expectEvenShares(one));
    const two = fleet.start("two");
    two.receives = () => false;
    await eventually(() => expect(two.running.size).toBe(2));
    await new Promise((wake) => setTimeout(wake, 2000));
    expect(one.running.size).toBe(5);
    two.receives = () => true;
    await eventually(() => expectEvenShares(one, two));
  }));

test.concurrent("a recorder that leaves goes on with each camera until another receives it", () =>
  Fleet.run(async (fleet) => {
    const [one, two] = [fleet.start("one"), fleet.start("two")];
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
  }));

test.concurrent("the last recorder leaves at once", () =>
  Fleet.run(async (fleet) => {
    const one = fleet.start("one");
    await eventually(() => expectEvenShares(one));
    const startedMs = performance.now();
    await one.keeper.leave();
    expect(performance.now() - startedMs).toBeLessThan(LEASE_MS - 1000);
  }));

test.concurrent("a recorder whose process is known to be gone is not waited for", () =>
  Fleet.run(async (fleet) => {
    const one = fleet.start("one");
    await eventually(() => expectEvenShares(one));
    one.kill();
    const startedMs = performance.now();
    const next = fleet.start("next", (name) => name === "one");
    await eventually(() => expectEvenShares(next));
    expect(performance.now() - startedMs).toBeLessThan(LEASE_MS - 1000);
  }));

test.concurrent("while Redis is away every recorder goes on with what it has, and when it comes back empty, too", () =>
  Fleet.run(async (fleet) => {
    const [one, two] = [fleet.start("one"), fleet.start("two")];
    await eventually(() => expectEvenShares(one, two));
    const before = [one, two].map(({ running }) => [...running]);
    const lost: string[] = [];
    const watch = setInterval(() => {
      for (const camera of CAMERAS) if (!one.running.has(camera) && !two.running.has(camera)) lost.push(camera);
    }, 5);
    await fleet.killRedis();
    await new Promise((wake) => setTimeout(wake, LEASE_MS + 1000));
    expect([one, two].map(({ running }) => [...running])).toEqual(before);
    await fleet.restartRedis();
    await eventually(() => expect(one.redis.status + two.redis.status).toBe("readyready"));
    await new Promise((wake) => setTimeout(wake, 2000));
    await eventually(() => expectEvenShares(one, two));
    clearInterval(watch);
    expect(lost).toEqual([]);
  }));

test.concurrent("a recorder that starts while Redis is away records everything, and shares when it is back", () =>
  Fleet.run(async (fleet) => {
    await fleet.killRedis();
    const [one, two] = [fleet.start("one"), fleet.start("two")];
    await eventually(() => expect([one.running.size, two.running.size]).toEqual([5, 5]));
    await fleet.restartRedis();
    await eventually(() => expectEvenShares(one, two));
  }));

test.concurrent("a camera that is configured later is taken, one that is removed is let go", () =>
  Fleet.run(async (fleet) => {
    const [one, two] = [fleet.start("one"), fleet.start("two")];
    await eventually(() => expectEvenShares(one, two));
    for (const recorder of [one, two]) recorder.cameras = ["a", "b", "f"];
    await eventually(() => expect([...one.running, ...two.running].sort()).toEqual(["a", "b", "f"]));
  }));
