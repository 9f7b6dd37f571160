import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, it } from "vitest";
import { Fleet } from "../../tests/support/fleet.ts";
import { startRedis, type TestRedis } from "../../tests/support/redis.ts";
import { StoreFixture } from "./testing/store-fixture.ts";

const SIZE = 30_000_000;
const MINUTE = "20261124.1433";
let redis: TestRedis;
let store: StoreFixture;
let fleet: Fleet;
let video: Buffer;

beforeEach(async () => {
  redis = await startRedis();
  store = new StoreFixture();
  video = store.minute("front-door", MINUTE, SIZE);
  fleet = await Fleet.prepare({
    folder: store.root,
    redisUrl: redis.url,
    config: { storage: { root: store.root }, cameras: { "front-door": { url: "rtsp://192.0.2.1/", enabled: false } } },
    environment: { NODE_OPTIONS: `--import ${import.meta.resolve("tsx")}` },
  });
});
afterEach(async () => {
  await fleet.stop();
  await redis.stop();
  store.remove();
});

async function beginDownload(port: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  socket.write(`GET /api/1/camera/front-door.preview.${MINUTE}.mp4 HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  await once(socket, "readable");
  return socket;
}

/** Reads what comes, a megabyte and a pause at a time, to the end. */
async function readSlowly(socket: Socket): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let sincePause = 0;
  for await (const piece of socket) {
    pieces.push(piece as Buffer);
    sincePause += (piece as Buffer).length;
    if (sincePause < 1_000_000) continue;
    sincePause = 0;
    await sleep(150);
  }
  return Buffer.concat(pieces);
}

it("finishes at SIGTERM the download of a slow reader, takes nobody new, and cuts off after 15 s who does not read", async () => {
  fleet.startReplica("api", "api", { main: join(import.meta.dirname, "main.ts") });
  const port = Number(new URL(fleet.apiUrl).port);
  await expect
    .poll(
      () =>
        fetch(`${fleet.apiUrl}/health`).then(
          (reply) => reply.status,
          () => 0,
        ),
      { timeout: 30_000 },
    )
    .toBe(200);
  const slow = await beginDownload(port);
  const stuck = await beginDownload(port);
  stuck.on("error", () => {});
  const beganMs = Date.now();
  const ended = fleet.end("api");
  const whole = readSlowly(slow);
  await sleep(500);
  await expect(once(connect(port, "127.0.0.1"), "connect")).rejects.toThrow(/ECONNREFUSED/);
  const received = await whole;
  expect(Date.now() - beganMs).toBeGreaterThan(2000);
  expect(received.subarray(received.indexOf("\r\n\r\n") + 4).equals(video)).toBe(true);
  expect(await ended).toBe(0);
  const tookMs = Date.now() - beganMs;
  expect(tookMs).toBeGreaterThan(14_000);
  expect(tookMs).toBeLessThan(22_000);
  let bytes = 0;
  stuck.on("data", (piece) => {
    bytes += piece.length;
  });
  await once(stuck, "close");
  expect(bytes).toBeLessThan(SIZE);
});
