import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { join } from "node:path";
import { promisify } from "node:util";
import { ALL_FORMATS, BufferSource, EncodedPacketSink, Input } from "mediabunny";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { ApiFixture } from "../../services/api/testing/api-fixture.ts";
import { minutePath } from "../../shared/store/names.ts";
import { makeCountedClip } from "../support/counted-clip.ts";
import { readFrames } from "../support/mp4-evidence.ts";
import { RangeStore, type RecordedPicture } from "../support/range-store.ts";
import { StoreFixture } from "../support/store-fixture.ts";

/**
 * Ranges of a camera with all that can happen: adjoining minutes, a GOP across the end of a minute, a change of
 * resolution with B-frames, a gap of minutes and one within a minute, uneven intervals, minutes that are still chunks.
 */
const run = promisify(execFile);
const CAMERA = "front-door";
const START_US = Date.UTC(2025, 10, 24, 14, 31, 10) * 1000 + 123_456;
const HALF_S = 500_000;
const atHalfSeconds = (count: number) => Array.from({ length: count + 1 }, (_, i) => i * HALF_S);
/** Intervals from 33 ms to 1 s; the same in every run. */
const unevenly = (count: number) => {
  let timeUs = 0;
  return Array.from({ length: count + 1 }, (_, i) => {
    const at = timeUs;
    timeUs += 33_333 + ((i * 7919) % 29) * 33_333;
    return at;
  });
};

let store: StoreFixture;
let api: ApiFixture;
let camera: RangeStore;
let picture: string;

beforeAll(async () => {
  const others = ["yard", "porch", "heavy-1", "heavy-2", "heavy-3", "heavy-4", "heavy-5", "heavy-6"];
  store = new StoreFixture(Object.fromEntries([CAMERA, ...others].map((id) => [id, {}])));
  camera = new RangeStore(CAMERA, store.directory(CAMERA));
  picture = join(store.root, "picture.jpg");
  await run("ffmpeg", ["-v", "error", "-f", "lavfi", "-i", "color=gray:size=64x64", "-frames:v", "1", picture]);
  const [plain, other, uneven, newest] = await Promise.all([
    makeCountedClip({ frames: 240, countFrom: 0, gop: 7 }),
    makeCountedClip({ frames: 160, countFrom: 1000, gop: 12, bFrames: 2, width: 480, height: 272 }),
    makeCountedClip({ frames: 80, countFrom: 2000 }),
    makeCountedClip({ frames: 90, countFrom: 3000, bFrames: 2 }),
  ]);
  await camera.record(plain, { startUs: START_US, countFrom: 0, timesUs: atHalfSeconds(240) });
  await camera.record(other, { startUs: START_US + 147_700_001, countFrom: 1000, timesUs: atHalfSeconds(160) });
  await camera.record(uneven, { startUs: START_US + 232_123_450, countFrom: 2000, timesUs: unevenly(80) });
  for (const minute of camera.minutes) await camera.convert(minute, picture);
  const newestUs = (camera.pictures.at(-1)?.endUs as number) + 20_000_000;
  await camera.record(newest, { startUs: newestUs, countFrom: 3000, timesUs: atHalfSeconds(90), isClosed: false });
  api = await new ApiFixture(store).start();
}, 120_000);

afterAll(async () => {
  await api.stop();
  store.remove();
});

const iso = (timeUs: number) => {
  const seconds = Math.floor(timeUs / 1e6);
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}.${String(timeUs - seconds * 1e6).padStart(6, "0")}Z`;
};
const url = (startUs: number, endUs: number, more = "") =>
  `/api/1/camera/${CAMERA}/range.mp4?start=${iso(startUs)}&end=${iso(endUs)}${more}`;

const yardUrl = (startUs: number, endUs: number) => url(startUs, endUs).replace(CAMERA, "yard");

/** When each picture is shown on the file's timeline, in s; gaps are skipped or kept. */
function timeLine(pictures: readonly RecordedPicture[], gaps: "skip" | "keep"): number[] {
  let skippedUs = pictures[0]?.timeUs as number;
  return pictures.map(({ timeUs }, i) => {
    const before = pictures[i - 1];
    if (before !== undefined && gaps === "skip" && timeUs - before.endUs > 1000) skippedUs += timeUs - before.endUs;
    return (timeUs - skippedUs) / 1e6;
  });
}

/** The shown pictures by ffprobe, sorted by time; fails when ffprobe prints a warning. */
async function shownBy(ffprobe: string) {
  const frames = (await readFrames(ffprobe)).filter(({ isDiscarded }) => !isDiscarded);
  return frames.sort((a, b) => a.pts - b.pts);
}

async function expectRange(startUs: number, endUs: number, gaps: "skip" | "keep" = "skip"): Promise<Buffer> {
  const answer = await api.get(url(startUs, endUs, `&gaps=${gaps}`));
  expect(answer.status, answer.text.slice(0, 300)).toBe(200);
  const what = url(startUs, endUs, `&gaps=${gaps}`);
  const expected = camera.shown(startUs, endUs);
  const times = timeLine(expected, gaps);
  const path = join(store.root, "range.mp4");
  await writeFile(path, answer.body);
  const frames = await shownBy(path);
  expect(
    frames.map(({ sha256 }) => sha256),
    what,
  ).toEqual(expected.map(({ sha256 }) => sha256));
  for (const [i, { pts }] of frames.entries()) expect(Math.abs(pts - (times[i] as number)), what).toBeLessThan(0.0001);
  const decoded = [
    "-v",
    "warning",
    "-count_frames",
    "-show_entries",
    "stream=nb_read_frames:format=duration",
    "-of",
    "csv=p=0",
  ];
  const { stdout, stderr } = await run("ffprobe", [...decoded, path]);
  expect(stderr, what).toBe("");
  const [count, duration] = stdout.trim().split("\n");
  expect(Number(count), `${what}: decoded pictures`).toBe(expected.length);
  const last = expected.at(-1) as RecordedPicture;
  const lasts = (times.at(-1) as number) + (last.endUs - last.timeUs) / 1e6;
  expect(Math.abs(Number(duration) - lasts), `${what}: duration`).toBeLessThan(0.001);
  await expectMediabunny(answer.body, expected, times, what);
  return answer.body;
}

async function expectMediabunny(
  body: Buffer,
  expected: RecordedPicture[],
  times: number[],
  what: string,
): Promise<void> {
  const input = new Input({ formats: ALL_FORMATS, source: new BufferSource(body) });
  const track = await input.getPrimaryVideoTrack();
  if (track === null) throw new Error("no video track");
  const found: { timestamp: number; byteLength: number }[] = [];
  const end = (times.at(-1) as number) + 0.0005;
  for await (const packet of new EncodedPacketSink(track).packets()) {
    if (packet.timestamp > -0.0005 && packet.timestamp < end) found.push(packet);
  }
  found.sort((a, b) => a.timestamp - b.timestamp);
  expect(found.length, what).toBe(expected.length);
  for (const [i, { timestamp }] of found.entries())
    expect(Math.abs(timestamp - (times[i] as number)), what).toBeLessThan(0.0001);
}

/** Pseudorandom numbers from 0 to 1 that are the same in every run (mulberry32). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * How far the session that is still being written counts as written: to its newest keyframe, because it has B-frames.
 */
const writtenUs = () =>
  camera.pictures.filter(({ session, count }) => session === 4 && (count - 3000) % 10 === 0).at(-1)?.timeUs as number;

describe("a range by capture time", () => {
  const pick = random(20251124);
  test.each(Array.from({ length: 10 }, (_, i) => [i, pick(), pick()]))(
    "number %i of random shape shows its pictures at their times, to ffprobe, ffmpeg and mediabunny",
    async (i, from, length) => {
      const allUs = writtenUs() - START_US;
      const startUs = START_US + Math.floor(from * (allUs - 10_000_000));
      const endUs = Math.min(writtenUs(), startUs + 1_000_000 + Math.floor(length ** 2 * allUs));
      if (camera.shown(startUs, endUs).length === 0) throw new Error("a range without pictures proves nothing");
      await expectRange(startUs, endUs, i % 3 === 2 ? "keep" : "skip");
    },
  );

  test("from one picture to the next is that picture alone, wherever in a GOP it lies", async () => {
    for (const at of [0, 3, 7, 239, 240, 245, 399]) {
      const { timeUs, endUs } = camera.pictures[at] as RecordedPicture;
      await expectRange(timeUs, endUs);
    }
  });
});

test("a range in the first moments of a minute lies in the file of the minute before", async () => {
  const minuteUs = Date.UTC(2025, 10, 24, 14, 32) * 1000;
  const { timeUs } = camera.pictures.find((shown) => shown.isKeyframe && shown.timeUs >= minuteUs) as RecordedPicture;
  expect(timeUs - minuteUs).toBeGreaterThan(2_000_000);
  await expectRange(minuteUs + 100_000, minuteUs + 1_900_000);
  await expectRange(minuteUs + 1_100_000, minuteUs + 7_000_000);
});

describe("a range that reaches into the present", () => {
  const newestClip = () => makeCountedClip({ frames: 60, countFrom: 0 });

  test("is pinned where the newest picture begins, or the newest keyframe where pictures are reordered", async () => {
    const asked = await api.get(url(START_US, START_US + 3_600_000_000, "&gaps=keep"));
    expect(asked.status).toBe(307);
    expect(asked.headers.location).toBe(`?start=${iso(START_US)}&end=${iso(writtenUs())}&gaps=keep`);
    const yard = new RangeStore("yard", store.directory("yard"));
    await yard.record(await newestClip(), {
      startUs: START_US,
      countFrom: 0,
      timesUs: atHalfSeconds(60),
      isClosed: false,
    });
    const newest = await api.get(yardUrl(START_US, START_US + 3_600_000_000));
    expect(newest.headers.location).toContain(`end=${iso(START_US + 59 * HALF_S)}`);
    const byName = await api.get("/api/1/camera/yard.range.20251124.1431.to.20251124.1431.mp4?gaps=keep");
    expect(byName.headers.location).toBe(`?gaps=keep&end=${iso(START_US + 59 * HALF_S)}`);
  });

  test("is the same bytes while its chunks grow, and when they have become mp4s", async () => {
    const growing = new RangeStore("porch", store.directory("porch"));
    const clip = await makeCountedClip({ frames: 150, countFrom: 0, bFrames: 2 });
    const part = (count: number) => ({
      startUs: START_US,
      countFrom: 0,
      timesUs: atHalfSeconds(count),
      isClosed: count === 150,
    });
    const path = `/api/1/camera/porch/range.mp4?start=${iso(START_US + 3_700_000)}&end=${iso(START_US + 3_600_000_000)}`;
    await growing.record(clip.slice(0, 134), { ...part(150), isClosed: false });
    const pinned = path.replace(/\?.*/, "") + (await api.get(path)).headers.location;
    expect(pinned).toContain(`end=${iso(START_US + 130 * HALF_S)}`);
    const first = await api.get(pinned);
    expect(first.status).toBe(200);
    const whole = new RangeStore("porch", store.directory("porch"));
    await whole.record(clip, part(150));
    const grown = await api.get(pinned);
    expect([grown.headers.etag, grown.body.equals(first.body)]).toEqual([first.headers.etag, true]);
    for (const minute of whole.minutes) await whole.convert(minute, picture);
    const converted = await api.get(pinned);
    expect([converted.headers.etag, converted.body.equals(first.body)]).toEqual([first.headers.etag, true]);
    expect(await readdir(join(store.directory("porch"), "20251124"))).not.toContainEqual(
      expect.stringContaining("chunk"),
    );
  });
});

describe("a download of a range", () => {
  /** A range larger than the kernel's socket buffers, so that a part of it is still to be read from disk. */
  const heavy = async () =>
    (await makeCountedClip({ frames: 80, countFrom: 0 })).map((unit) => ({
      ...unit,
      data: Buffer.concat([
        unit.data,
        Buffer.from([0, 0, 0, 1, 0x0c]),
        Buffer.alloc(400_000, 0xff),
        Buffer.from([0x80]),
      ]),
    }));
  const endUs = START_US + 75 * 2 * HALF_S;
  let disks = 0;

  /** A camera of its own, recorded from START_US on into two minutes, as chunks. */
  async function recorded(): Promise<{ camera: RangeStore; path: string; whole: Buffer; etag: string }> {
    const id = `heavy-${++disks}`;
    const made = new RangeStore(id, store.directory(id));
    await made.record(await heavy(), {
      startUs: START_US,
      countFrom: 0,
      timesUs: atHalfSeconds(160).filter((_, i) => i % 2 === 0),
    });
    expect(made.minutes).toHaveLength(2);
    const path = `/api/1/camera/${id}/range.mp4?start=${iso(START_US + HALF_S * 5)}&end=${iso(endUs)}`;
    const { body, headers } = await api.get(path);
    expect(body.length).toBeGreaterThan(28_000_000);
    return { camera: made, path, whole: body, etag: `${headers.etag}` };
  }

  async function convertAll(made: RangeStore): Promise<void> {
    for (const minute of made.minutes) await made.convert(minute, picture);
  }

  /**
   * Begins a download, stops reading, runs `meanwhile`, and reads the rest; undefined when the connection was closed.
   */
  async function interrupted(path: string, meanwhile: () => Promise<void>): Promise<Buffer | undefined> {
    const req = request({ host: "127.0.0.1", port: api.port, path, agent: false });
    req.end();
    const pieces: Buffer[] = [];
    return await new Promise((resolve, reject) => {
      req.on("error", reject);
      req.on("response", (res) => {
        res.once("data", () => {
          res.pause();
          meanwhile().then(() => res.resume(), reject);
        });
        res.on("data", (piece: Buffer) => pieces.push(piece));
        res.on("end", () => resolve(Buffer.concat(pieces)));
        res.on("error", () => resolve(undefined));
      });
    });
  }

  test("that was begun on chunks goes on to the same bytes when they become an mp4, cut or not", async () => {
    const { camera: made, path, whole, etag } = await recorded();
    const answer = await interrupted(path, () => convertAll(made));
    expect(answer?.equals(whole)).toBe(true);
    for (const at of [1, 3000, 5_000_001, whole.length - 7]) {
      const rest = await api.get(path, { range: `bytes=${at}-`, "if-range": etag });
      expect([rest.status, rest.body.equals(whole.subarray(at))]).toEqual([206, true]);
    }
  });

  test("gives the same bytes from any place while they still lie in a chunk", async () => {
    const { path, whole } = await recorded();
    const pick = random(3);
    for (let i = 0; i < 12; i++) {
      const from = Math.floor(pick() * whole.length);
      const to = Math.min(whole.length, from + 1 + Math.floor(pick() * 3_000_000));
      const { body } = await api.get(path, { range: `bytes=${from}-${to - 1}` });
      expect(body.equals(whole.subarray(from, to)), `bytes ${from} to ${to}`).toBe(true);
    }
  });

  test("is finished from the open files when its minutes are deleted meanwhile", async () => {
    const { camera: made, path, whole } = await recorded();
    await convertAll(made);
    const answer = await interrupted(path, () => rm(made.directory, { recursive: true }));
    expect(answer?.equals(whole)).toBe(true);
    expect((await api.get(path)).status).toBe(404);
  });

  test("ends rather than going on with wrong bytes when a file of it becomes shorter", async () => {
    const { camera: made, path } = await recorded();
    await convertAll(made);
    const mp4 = minutePath(made.directory, made.camera, made.minutes[0] as string, "mp4");
    expect(await interrupted(path, () => truncate(mp4, 14_000_000))).toBeUndefined();
  });

  test("of several cameras as a zip ends rather than going on with wrong bytes, and closes all files", async () => {
    const { camera: made, path, whole } = await recorded();
    await convertAll(made);
    const archive = `/api/1/range.zip?camera_ids=${CAMERA},${made.camera}&${path.split("?")[1]}`;
    const openFiles = async () => (await readdir("/proc/self/fd")).length;
    const before = await openFiles();
    const unhurt = await interrupted(archive, async () => {});
    expect(unhurt?.indexOf(whole), "where the bytes of range.mp4 lie").toBeGreaterThan(0);
    await vi.waitFor(async () => expect(await openFiles()).toBeLessThanOrEqual(before));
    const mp4 = minutePath(made.directory, made.camera, made.minutes[0] as string, "mp4");
    expect(await interrupted(archive, () => truncate(mp4, 14_000_000))).toBeUndefined();
    expect(api.log.filter((line) => line.includes("an archive of ranges ends too early"))).toHaveLength(1);
    await vi.waitFor(async () => expect(await openFiles()).toBeLessThanOrEqual(before));
  });

  test("is resumed by curl across two interruptions, the minute converted in between, to the identical file", async () => {
    const { camera: made, path, whole } = await recorded();
    const target = join(store.root, "resumed.mp4");
    const curl = (...more: string[]) => run("curl", ["-sSL", "-C", "-", "-o", target, ...more, `${api.url}${path}`]);
    const cutOff = async () => {
      const before = (await stat(target).catch(() => undefined))?.size ?? 0;
      const slow = spawn("curl", ["-sSL", "-C", "-", "-o", target, "--limit-rate", "20M", `${api.url}${path}`]);
      await vi.waitFor(async () => expect((await stat(target)).size).toBeGreaterThan(before + 1_000_000), 20_000);
      slow.kill("SIGKILL");
      await once(slow, "exit");
      expect((await stat(target)).size).toBeLessThan(whole.length);
    };
    await cutOff();
    await convertAll(made);
    await cutOff();
    await curl();
    expect((await readFile(target)).equals(whole)).toBe(true);
  });
});
