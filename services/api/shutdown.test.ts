import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, it } from "vitest";
import { Fleet } from "../../tests/support/fleet.ts";
import { startRedis, type TestRedis } from "../../tests/support/redis.ts";
import { StoreFixture } from "../../tests/support/store-fixture.ts";

const SIZE = 15_000_000;
/** How long downloads may take here; 15 s in production. */
const GRACE_MS = 5000;
const DIST = fileURLToPath(new URL("../../dist/", import.meta.url));
const MAIN = `
import { runService } from ${JSON.stringify(join(DIST, "shared/service/run-service.js"))};
import { startApi } from ${JSON.stringify(join(DIST, "services/api/service.js"))};
const options = { projectRoot: ${JSON.stringify(dirname(DIST.replace(/\/$/, "")))}, graceMs: ${GRACE_MS} };
await runService("api", (context) => startApi(context, options));
`;
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

/** Reads to the end, a megabyte at a time with pauses in between. */
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

it("finishes at SIGTERM the download of a slow reader, takes nobody new, and cuts off who does not read", async () => {
  const main = join(store.root, "api.mjs");
  await writeFile(main, MAIN);
  fleet.startReplica("api", "api", { main });
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
  expect(Date.now() - beganMs).toBeGreaterThan(1500);
  expect(received.subarray(received.indexOf("\r\n\r\n") + 4).equals(video)).toBe(true);
  expect(await ended).toBe(0);
  const tookMs = Date.now() - beganMs;
  expect(tookMs).toBeGreaterThan(GRACE_MS - 500);
  expect(tookMs).toBeLessThan(GRACE_MS + 7000);
  let bytes = 0;
  stuck.on("data", (piece) => {
    bytes += piece.length;
  });
  await once(stuck, "close");
  expect(bytes).toBeLessThan(SIZE);
});
