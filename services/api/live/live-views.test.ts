import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import winston from "winston";
import { WebSocket } from "ws";
import { H264 } from "../../../shared/codec/h264/h264.ts";
import { framesChannel, RENEW_INTERVAL_MS, WATCH_CHANNEL } from "../../../shared/live/channels.ts";
import { encodeFrame } from "../../../shared/live/frame-message.ts";
import { LARGEST_PIXELS } from "../../../shared/pictures/picture-size.ts";
import { type LiveClient, watchLive } from "../../../tests/support/live-client.ts";
import { startRedis, type TestRedis } from "../../../tests/support/redis.ts";
import { StoreFixture } from "../../../tests/support/store-fixture.ts";
import { OriginGuard } from "../http/origin-guard.ts";
import { clientOf } from "../limits/client-of.ts";
import { ApiServer } from "../server.ts";
import { LiveSource } from "./live-source.ts";
import { LiveViews } from "./live-views.ts";

const KEYFRAME = Buffer.from(
  "000000016742c01fd9005005bb011000000300100000030300f18324800000000168cb83cb200000000165888040",
  "hex",
);
const PATIENCE = { lingerMs: 300, hangMs: 1000 };
const FRAME = Buffer.from("0000000141888040", "hex");

let redisServer: TestRedis;
let redis: Redis;
/** Acts as the recorder. */
let recorder: Redis;
let store: StoreFixture;
let live: LiveViews;
let server: ApiServer;
let url: string;
const asked: string[] = [];
const logged: string[] = [];
const viewers: WebSocket[] = [];

beforeAll(async () => {
  redisServer = await startRedis();
});
afterAll(() => redisServer.stop());
beforeEach(async () => {
  asked.length = logged.length = 0;
  redis = new Redis(redisServer.url, { maxRetriesPerRequest: null });
  recorder = new Redis(redisServer.url);
  const ear = recorder.duplicate();
  ear.on("message", (_channel, camera) => asked.push(camera));
  await ear.subscribe(WATCH_CHANNEL);
  recorder.once("end", () => ear.disconnect());
  store = new StoreFixture({ yard: {}, gate: {}, shed: {}, off: { enabled: false } });
  store.config.change({ converter: { ffmpegPath: "ffmpeg", maxPixels: LARGEST_PIXELS } as never });
  const logger = winston.createLogger({ transports: [] });
  logger.warn = ((text: string) => logged.push(text)) as never;
  live = new LiveViews({
    config: store.config,
    logger,
    client: clientOf(store.config),
    origins: new OriginGuard(store.config, logger),
    source: new LiveSource(redis),
    patience: PATIENCE,
  });
  server = new ApiServer(
    (_request, response) => void response.end("plain"),
    (request, socket, head) => live.upgrade(request, socket, head),
  );
  url = `http://127.0.0.1:${await server.listen("127.0.0.1", 0)}`;
});
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const viewer of viewers.splice(0)) viewer.terminate();
  await live.close();
  await server.stop(0);
  redis.disconnect();
  recorder.disconnect();
  store.remove();
});

/** Sends frames of a camera, as a recorder would, from a keyframe on. */
async function send(camera: string, count: number): Promise<void> {
  for (let sequence = 0; sequence < count; sequence++) {
    const isKeyframe = sequence === 0;
    const bytes = isKeyframe ? KEYFRAME : FRAME;
    const header = { codec: H264, isKeyframe, source: 1, sequence, captureTimeUs: 1e15 + sequence * 40_000 };
    await recorder.publish(framesChannel(camera), encodeFrame(header, bytes, 0, bytes.length));
  }
}

async function received(client: LiveClient, count: number): Promise<void> {
  await vi.waitUntil(() => client.pieces.length >= count, { timeout: 20_000, interval: 20 });
}

/** Waits until nobody requests the camera's frames any longer. */
async function letGo(camera: string): Promise<void> {
  const listeners = async () => (await recorder.pubsub("NUMSUB", framesChannel(camera)))[1];
  await vi.waitUntil(async () => (await listeners()) === 0, { timeout: 20_000, interval: 50 });
}

test("requests that cannot be watched are answered by HTTP", async () => {
  const refused = async (camera: string, options = {}) =>
    (await watchLive(url, camera, options).catch(String)) as string;
  expect(await refused("nobody")).toContain("404");
  expect(await refused("off")).toContain("404");
  expect(await refused("yard/..")).toContain("404");
  expect(await refused("yard", { query: "?codec=h265" })).toContain("400");
  expect(await refused("yard", { headers: { Origin: "http://evil.example" } })).toContain("403");
  expect(await refused("yard", { headers: { "Sec-Fetch-Site": "cross-site" } })).toContain("403");
  expect(live.viewers).toBe(0);
  expect(asked).toEqual([]);
});

test("scripts of the origins in api.allowedOrigins may watch", async () => {
  store.config.change({ api: { ...store.config.current.api, allowedOrigins: ["http://wall.example"] } });
  const headers = { Origin: "http://wall.example", "Sec-Fetch-Site": "cross-site" };
  const { socket } = await watchLive(url, "yard", { headers });
  expect(socket.readyState).toBe(socket.OPEN);
});

test("the page's own origin may watch", async () => {
  const client = await watchLive(url, "yard", { headers: { Origin: url } });
  client.socket.close();
  await client.closed;
});

test("whoever offers another protocol is told what is spoken here", async () => {
  const answer = await new Promise<string>((resolve) => {
    import("node:net").then(({ connect }) => {
      const socket = connect(Number(new URL(url).port), "127.0.0.1");
      socket.end(
        "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: A\r\n\r\n",
      );
      let text = "";
      socket.on("data", (data) => {
        text += data;
      });
      socket.on("close", () => resolve(text));
    });
  });
  expect(answer).toMatch(/^HTTP\/1\.1 400[\s\S]*ask without the header Upgrade/);
});

test("a camera is asked for while somebody watches, again and again, and no more soon after", async () => {
  const client = await watchLive(url, "yard");
  await vi.waitUntil(() => asked.length >= 3, 20_000);
  client.socket.close();
  await letGo("yard");
  asked.length = 0;
  await sleep(1.5 * RENEW_INTERVAL_MS);
  expect(asked).toEqual([]);
});

test("any number of viewers is one subscription, and one that comes later begins with the GOP so far", async () => {
  const first = await watchLive(url, "yard");
  await vi.waitUntil(() => asked.length > 0, 20_000);
  await send("yard", 5);
  await received(first, 6);
  expect(first.starts[0]).toMatchObject({ codec: "avc1.42c01f", width: 1280, height: 720 });
  const second = await watchLive(url, "yard");
  await received(second, 6);
  expect(second.pieces.map(({ bytes }) => bytes)).toEqual(first.pieces.map(({ bytes }) => bytes));
  expect(await recorder.pubsub("NUMSUB", framesChannel("yard"))).toEqual([framesChannel("yard"), 1]);
  for (const client of [first, second]) client.socket.close();
});

test("stopping says goodbye, and a camera that is recorded no more says so", async () => {
  const yard = await watchLive(url, "yard");
  const gate = await watchLive(url, "gate");
  store.config.change({ cameras: new Map([...store.config.current.cameras].filter(([id]) => id !== "gate")) });
  expect(await gate.closed).toMatchObject({ code: 4404 });
  await live.close();
  expect(await yard.closed).toEqual({ code: 1001, reason: "The api is stopping." });
});

test("an ffmpeg that is missing, fails or hangs costs its viewers their picture, and nobody else anything", async () => {
  for (const [script, complaint] of [
    [undefined, /cannot be run: see whether it is there/],
    ["#!/bin/sh\necho no such codec >&2\nexit 1\n", /ffmpeg ended with 1: no such codec/],
  ] as const) {
    const ffmpegPath = join(store.root, "ffmpeg");
    if (script !== undefined) {
      writeFileSync(ffmpegPath, script);
      chmodSync(ffmpegPath, 0o755);
    }
    store.config.change({ converter: { ...store.config.current.converter, ffmpegPath } });
    asked.length = logged.length = 0;
    const [mpeg1, h264] = [await watchLive(url, "yard", { query: "?codec=mpeg1" }), await watchLive(url, "yard")];
    await vi.waitUntil(() => asked.length > 0, 20_000);
    await send("yard", 3);
    expect(await mpeg1.closed).toMatchObject({ code: 1011 });
    await vi.waitFor(() => expect(logged.join("\n")).toMatch(complaint), 20_000);
    await received(h264, 4);
    h264.socket.close();
    await h264.closed;
    await letGo("yard");
  }
});

test("an ffmpeg for live view gets limits and none of our secrets; a picture that is too large is given to none", async () => {
  vi.stubEnv("NVR_CAMERAS", '{"yard":{"url":"rtsp://admin:secret@192.0.2.1/"}}');
  vi.stubEnv("REDIS_URL", "redis://:secret@127.0.0.1/");
  const ffmpegPath = join(store.root, "ffmpeg");
  writeFileSync(ffmpegPath, `#!/bin/sh\n{ env; ulimit -v; echo "$@"; } > ${store.root}/noted\nexit 1\n`);
  chmodSync(ffmpegPath, 0o755);
  store.config.change({ converter: { ffmpegPath, maxPixels: 1_000_000 } as never });
  const client = await watchLive(url, "yard", { query: "?codec=mpeg1" });
  await vi.waitUntil(() => asked.length > 0, 20_000);
  await send("yard", 2);
  expect(await client.closed).toMatchObject({ code: 1011 });
  const noted = readFileSync(join(store.root, "noted"), "utf8");
  expect(noted).toMatch(/-max_pixels 1000000 -protocol_whitelist pipe .*-i pipe:0/s);
  expect(noted).toMatch(/^1079826$|^1079825$/m); // 1 GiB and 32 bytes for each pixel, in kB
  expect(noted).not.toContain("secret");
  await letGo("yard");

  rmSync(join(store.root, "noted"));
  store.config.change({ converter: { ffmpegPath, maxPixels: 65_536 } as never });
  asked.length = logged.length = 0;
  const other = await watchLive(url, "yard", { query: "?codec=mpeg1" });
  await vi.waitUntil(() => asked.length > 0, 20_000);
  await send("yard", 2);
  expect(await other.closed).toMatchObject({ code: 1011 });
  expect(logged.join("\n")).toMatch(/more than converter.maxPixels \(65536\)/);
  expect(existsSync(join(store.root, "noted"))).toBe(false);
});

test("an ffmpeg that hangs is killed", async () => {
  const ffmpegPath = join(store.root, "ffmpeg");
  writeFileSync(ffmpegPath, `#!/bin/sh\necho $$ > ${store.root}/pid\nexec sleep 600\n`);
  chmodSync(ffmpegPath, 0o755);
  store.config.change({ converter: { ...store.config.current.converter, ffmpegPath } });
  const client = await watchLive(url, "yard", { query: "?codec=mpeg1" });
  await vi.waitUntil(() => asked.length > 0, 20_000);
  let isOver = false;
  const feeding = (async () => {
    for (let sequence = 0; !isOver; sequence++) {
      const header = { codec: H264, isKeyframe: true, source: 1, sequence, captureTimeUs: 1e15 + sequence * 500_000 };
      await recorder.publish(framesChannel("yard"), encodeFrame(header, KEYFRAME, 0, KEYFRAME.length));
      await sleep(200);
    }
  })();
  expect(await client.closed).toMatchObject({ code: 1011 });
  isOver = true;
  expect(logged.join("\n")).toContain("hangs");
  const pid = Number(readFileSync(join(store.root, "pid"), "utf8"));
  await vi.waitUntil(() => !isAlive(pid), 20_000);
  await feeding;
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test("conversions are bounded in number; one that nobody watches any more makes room", async () => {
  store.config.change({ api: { ...store.config.current.api, maxMpeg1Streams: 1 } });
  const query = "?codec=mpeg1";
  const first = await watchLive(url, "yard", { query });
  const refused = await watchLive(url, "gate", { query });
  expect(await refused.closed).toMatchObject({ code: 1013, reason: expect.stringContaining("api.maxMpeg1Streams") });
  first.socket.close();
  await first.closed;
  await sleep(100);
  const second = await watchLive(url, "gate", { query });
  await sleep(300);
  expect(second.socket.readyState).toBe(second.socket.OPEN);
  second.socket.close();
});

/** A viewer at an address of this machine. */
function viewerAt(localAddress: string, target = "yard/live"): Promise<WebSocket> {
  return new Promise((resolve) => {
    const viewer = new WebSocket(`${url.replace("http", "ws")}/api/1/camera/${target}`, { localAddress });
    viewers.push(viewer);
    viewer.once("open", () => resolve(viewer));
  });
}

/** The code and reason with which the api closes it; undefined when it stays open for a while. */
function closing(viewer: WebSocket, patienceMs = 500): Promise<string | undefined> {
  return new Promise((resolve) => {
    viewer.once("close", (code, reason) => resolve(`${code} ${reason}`));
    setTimeout(() => resolve(undefined), patienceMs);
  });
}

test("one client keeps nobody out: beyond its bound it is told so, and another one watches", async () => {
  for (let i = 0; i < 100; i++) await viewerAt("127.0.0.2");
  expect(await closing(await viewerAt("127.0.0.2"), 20_000)).toBe(
    "1013 This client has 100 live views, and may not have more at once; close some.",
  );
  expect(await closing(await viewerAt("127.0.0.3"))).toBeUndefined();
  for (const viewer of viewers) viewer.terminate();
  await expect.poll(async () => closing(await viewerAt("127.0.0.2")), { timeout: 20_000 }).toBeUndefined();
});

test("a client that has all conversions to MPEG-1 leaves one to the next client, which takes no more than its share", async () => {
  store.config.change({ api: { ...store.config.current.api, maxMpeg1Streams: 2 } });
  const query = "?codec=mpeg1";
  const kept = await watchLive(url, "yard", { query });
  const ended = await watchLive(url, "gate", { query });
  await viewerAt("127.0.0.2", "shed/live?codec=mpeg1");
  expect(await ended.closed).toMatchObject({ code: 1013, reason: expect.stringContaining("api.maxMpeg1Streams") });
  expect(kept.socket.readyState).toBe(kept.socket.OPEN);
  expect(await (await watchLive(url, "gate", { query })).closed).toMatchObject({ code: 1013 });
  expect(kept.socket.readyState).toBe(kept.socket.OPEN);
});

test("an address that is none is refused, and ends nobody's process", async () => {
  const answer = await new Promise<string>((resolve) => {
    const socket = connect(Number(new URL(url).port), "127.0.0.1", () => {
      socket.write("GET // HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
    });
    socket.once("data", (data) => resolve(data.toString()));
    socket.once("close", () => resolve("closed"));
  });
  expect(answer).toMatch(/^HTTP\/1.1 400 /);
});
