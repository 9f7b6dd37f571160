import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { H264 } from "../../../shared/codec/h264/h264.ts";
import { framesChannel, WATCH_CHANNEL } from "../../../shared/live/channels.ts";
import { decodeFrame } from "../../../shared/live/frame-message.ts";
import { startRedis, type TestRedis } from "../../../tests/support/redis.ts";
import { LiveFeed } from "./live-feed.ts";

let server: TestRedis;
let redis: Redis;
let viewer: Redis;
let feed: LiveFeed;
const heard: Buffer[] = [];

beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());
beforeEach(async () => {
  heard.length = 0;
  redis = new Redis(server.url, { maxRetriesPerRequest: null });
  viewer = new Redis(server.url);
  feed = new LiveFeed(redis);
  await viewer.subscribe(framesChannel("yard"));
  viewer.on("messageBuffer", (_channel: Buffer, message: Buffer) => heard.push(message));
  await vi.waitUntil(async () => ((await redis.pubsub("NUMSUB", WATCH_CHANNEL)) as [string, number])[1] === 1);
});
afterEach(() => {
  feed.stop();
  redis.disconnect();
  viewer.disconnect();
});

const frame = (captureTimeUs: number, isKeyframe: boolean) => ({ codec: H264, captureTimeUs, isKeyframe });
const BYTES = Buffer.from("000000016588", "hex");

test("a camera is watched within a second of being told, and no more within 10 s of the last time", async () => {
  const [yard, other] = [feed.tap("yard"), feed.tap("other")];
  expect(yard.isWatched).toBe(false);
  await redis.publish(WATCH_CHANNEL, "yard");
  await vi.waitUntil(() => yard.isWatched, 1000);
  await sleep(3000);
  await redis.publish(WATCH_CHANNEL, "yard");
  await sleep(2000);
  expect([yard.isWatched, other.isWatched]).toEqual([true, false]);
  await vi.waitUntil(() => !yard.isWatched, { timeout: 8000, interval: 50 });
});

test("frames arrive, those of the GOP on the disk first, and what came meanwhile behind them", async () => {
  const tap = feed.tap("yard");
  await redis.publish(WATCH_CHANNEL, "yard");
  await vi.waitUntil(() => tap.isWatched, 1000);
  await sleep(200);
  tap.begin(Promise.reject(new Error("no chunk")));
  tap.frame(frame(1, false), BYTES, 0, BYTES.length); // cannot be decoded without what came before
  tap.frame(frame(2, true), BYTES, 0, BYTES.length);
  tap.frame(frame(3, false), BYTES, 0, BYTES.length);
  await vi.waitUntil(() => heard.length === 2, 2000);
  tap.frame(frame(4, false), BYTES, 0, BYTES.length);
  await vi.waitUntil(() => heard.length === 3, 2000);
  expect(heard.map((message) => decodeFrame(message)?.captureTimeUs)).toEqual([2, 3, 4]);
});

test("whoever names a camera that is none of ours, or nonsense, changes nothing", async () => {
  const tap = feed.tap("yard");
  await redis.publish(WATCH_CHANNEL, "nobody");
  await redis.publish(WATCH_CHANNEL, Buffer.from([0xff, 0, 1]));
  await sleep(200);
  expect(tap.isWatched).toBe(false);
});
