import { execFileSync } from "node:child_process";
import { chmodSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ConverterConfig } from "../../../shared/config/config.ts";
import { LARGEST_PIXELS } from "../../../shared/pictures/picture-size.ts";
import { chunkPath, minutePath } from "../../../shared/store/names.ts";
import { minuteStartUs } from "../../../shared/time/minute.ts";
import { atPace, makeClip, origin, type TimedUnit, writeChunk } from "../../../tests/support/chunk-maker.ts";
import { StoreFixture } from "../../../tests/support/store-fixture.ts";
import { ApiFixture } from "../testing/api-fixture.ts";

const MINUTE = "20251124.1433";
const SNAPSHOT = "/api/1/camera/front-door/snapshot.jpg";
const FRAME_US = 40_000;
const startUs = minuteStartUs(MINUTE) as number;
let store: StoreFixture;
let api: ApiFixture;

beforeEach(async () => {
  store = new StoreFixture();
  useFfmpeg("ffmpeg");
  api = await new ApiFixture(store).start();
});
afterEach(async () => {
  await api.stop();
  store.remove();
});

function useFfmpeg(ffmpegPath: string, maxPixels = LARGEST_PIXELS): void {
  store.config.change({ converter: { ffmpegPath, ffmpegTimeoutMs: 20_000, maxPixels } as ConverterConfig });
}

/** A slow ffmpeg that counts its starts. */
function countingFfmpeg(script = 'sleep 0.3; exec ffmpeg "$@"'): () => number {
  const path = join(store.root, "counting-ffmpeg");
  writeFileSync(path, `#!/bin/sh\necho started >> ${path}.log\n${script}\n`);
  chmodSync(path, 0o755);
  writeFileSync(`${path}.log`, "");
  useFfmpeg(path);
  return () => readFileSync(`${path}.log`, "utf8").split("\n").length - 1;
}

const chunkOf = (minute = MINUTE, part = 1, camera = "front-door") =>
  chunkPath(store.directory(camera), camera, minute, part);

async function record(units: readonly TimedUnit[], path = chunkOf(), tail?: Buffer): Promise<void> {
  const opened = { origin: origin(), openedUs: units[0]?.timeUs as number };
  await writeChunk(path, { units, ...opened, ...(tail !== undefined && { tail }) });
}

/** Two GOPs of one colour, then one of another: the newest keyframe has its own hue. */
async function clip(hues: readonly number[], fromUs = startUs): Promise<TimedUnit[]> {
  const gops = await Promise.all(hues.map((hue) => makeClip({ frames: 10, hue })));
  return gops.flatMap((units, i) => atPace(units, fromUs + i * 10 * FRAME_US));
}

/** The mean difference of two pictures' bytes. */
async function difference(jpeg: Buffer, hue: number): Promise<number> {
  const [unit] = await makeClip({ frames: 10, hue });
  const args = ["-v", "error", "-f", "h264", "-i", "pipe:0", "-frames:v", "1", "-f", "image2", "-c:v", "png", "pipe:1"];
  const png = execFileSync("ffmpeg", args, { input: unit?.data as Buffer });
  const [a, b] = await Promise.all([jpeg, png].map((picture) => sharp(picture).removeAlpha().raw().toBuffer()));
  let sum = 0;
  for (let i = 0; i < (a as Buffer).length; i++) sum += Math.abs((a?.[i] as number) - (b?.[i] as number));
  return sum / (a as Buffer).length;
}

describe("a snapshot", () => {
  it("of a picture with more than converter.maxPixels is made by no ffmpeg", async () => {
    const starts = countingFfmpeg();
    useFfmpeg(store.config.current.converter.ffmpegPath, 10_000);
    await record(await clip([0]));
    expect((await api.get(SNAPSHOT)).status).toBe(404);
    expect(starts()).toBe(0);
  });

  it("is the newest keyframe of the chunk that is being written, whatever lies torn behind it", async () => {
    await record(await clip([0, 120]), chunkOf(), Buffer.from([0, 1, 2, 3]));
    const reply = await api.get(SNAPSHOT);
    expect(reply).toMatchObject({
      status: 200,
      headers: {
        "content-type": "image/jpeg",
        "cache-control": "private, no-cache",
        "last-modified": new Date(Math.floor((startUs + 10 * FRAME_US) / 1000)).toUTCString(),
        "content-disposition": 'inline; filename="front-door.20251124T143300Z.jpg"',
      },
    });
    expect(await difference(reply.body, 120)).toBeLessThan(12);
    expect(await difference(reply.body, 0)).toBeGreaterThan(25);
  });

  it("is decoded once for all who ask at once, and again only when there is a newer keyframe", async () => {
    const started = countingFfmpeg();
    await record(await clip([0]));
    const replies = await Promise.all(Array.from({ length: 30 }, () => api.get(SNAPSHOT)));
    expect(new Set(replies.map(({ headers }) => headers.etag)).size).toBe(1);
    expect(started()).toBe(1);
    const { etag } = replies[0]?.headers ?? {};
    expect(await api.get(SNAPSHOT, { "If-None-Match": etag as string })).toMatchObject({ status: 304 });
    await record(await clip([0, 120]));
    expect((await api.get(SNAPSHOT)).headers.etag).not.toBe(etag);
    expect(started()).toBe(2);
  });

  it("of many cameras at once runs two ffmpegs at a time", async () => {
    const cameras = Array.from({ length: 6 }, (_, i) => `cam-${i}`);
    store.config.change({ cameras: new Map(cameras.map((id) => [id, store.camera(id)])) });
    const log = join(store.root, "running");
    countingFfmpeg(`echo + >> ${log}; sleep 0.2; ffmpeg "$@"; echo - >> ${log}`);
    for (const camera of cameras) await record(await clip([0]), chunkOf(MINUTE, 1, camera));
    const replies = await Promise.all(cameras.map((camera) => api.get(`/api/1/camera/${camera}/snapshot.jpg`)));
    expect(replies.map(({ status }) => status)).toEqual(cameras.map(() => 200));
    let running = 0;
    const counts = readFileSync(log, "utf8")
      .trim()
      .split("\n")
      .map((sign) => (running += sign === "+" ? 1 : -1));
    expect(counts).toHaveLength(12);
    expect(Math.max(...counts)).toBe(2);
  });

  it("comes from the chunk before when the newest has no keyframe yet", async () => {
    await record(await clip([120]));
    await writeChunk(chunkOf("20251124.1434"), { units: [], origin: origin(), openedUs: startUs + 60_000_000 });
    const reply = await api.get(SNAPSHOT);
    expect(await difference(reply.body, 120)).toBeLessThan(12);
  });

  it("is the newest preview when nothing is being recorded, with its age; without any it is 404", async () => {
    expect(await api.get(SNAPSHOT)).toMatchObject({ status: 404 });
    store.minute("front-door", "20251123.2359");
    store.minute("front-door", MINUTE);
    rmSync(minutePath(store.directory("front-door"), "front-door", MINUTE, "preview"));
    await record(await clip([0]), chunkOf("20251124.0100")); // a late part of the past is not the newest
    const reply = await api.get(SNAPSHOT);
    expect(reply.text).toBe("preview of front-door 20251123.2359");
    expect(reply.headers["last-modified"]).toBe("Sun, 23 Nov 2025 23:59:00 GMT");
    expect(reply.headers["cache-control"]).toBe("private, no-cache");
  });

  it("is the newest preview when the keyframe cannot be decoded, and that is not tried over and over", async () => {
    store.minute("front-door", "20251124.1432");
    const units = await clip([0]);
    const poisoned = units.map(({ data, timeUs }) => {
      const bad = Buffer.from(data);
      for (let at = bad.length >> 2; at < bad.length; at++) bad[at] = 0x55 ^ (at & 0x7f);
      return { data: bad, timeUs };
    });
    await record(poisoned);
    const started = countingFfmpeg('exec ffmpeg "$@"');
    for (let i = 0; i < 3; i++) expect((await api.get(SNAPSHOT)).text).toBe("preview of front-door 20251124.1432");
    expect(started()).toBeLessThanOrEqual(2); // the attempt, and the test of ffmpeg itself
  });

  it("is the newest preview when there is no ffmpeg, which the log tells once", async () => {
    store.minute("front-door", "20251124.1432");
    useFfmpeg(join(store.root, "nothing"));
    for (const hue of [0, 120]) {
      await record(await clip(hue === 0 ? [0] : [0, 120]));
      expect((await api.get(SNAPSHOT)).text).toBe("preview of front-door 20251124.1432");
    }
    expect(api.log.filter((line) => line.includes("as old as the newest preview"))).toHaveLength(1);
  });

  it("is refused for cameras that never were", async () => {
    expect(await api.get("/api/1/camera/nobody/snapshot.jpg")).toMatchObject({ status: 404 });
    expect(await api.get(SNAPSHOT, {}, "POST")).toMatchObject({ status: 405, headers: { allow: "GET, HEAD" } });
  });
});
