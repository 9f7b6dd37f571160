import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readlink, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ConversionQueue } from "../../shared/queue/conversion-queue.ts";
import { chunkPath, minutePath } from "../../shared/store/names.ts";
import { type Minute, minuteAt, minuteStartUs } from "../../shared/time/minute.ts";
import { atPace, type ClipUnit, makeClip, origin, writeChunk } from "../support/chunk-maker.ts";
import { Fleet, until } from "../support/fleet.ts";
import { readFrames } from "../support/mp4-evidence.ts";
import { startRedis, type TestRedis } from "../support/redis.ts";
import { FaultyDisk } from "./support/faulty-disk.ts";

// Converter, api and reaper with two cameras on two disks, one of which hangs: first only reads, then all operations.

const CAMERAS = ["hung", "well"];
/** More minutes than a converter works on at once. */
const BACKLOG = 30;
/** Concurrent requests for the camera on the disk that hangs; each process has four threads for files. */
const REQUESTS = 24;
const CLIP = { frames: 20, gop: 10 };
const OLD = "20240101.0000";
/** Size limit of a camera: more than everything recorded here. */
const MAX_BYTES = 16e6;

interface Answer {
  path: string;
  status: number;
  ms: number;
  body: string;
  headers: Headers;
}

/** The answers while a disk hung. */
interface Meanwhile {
  hung: Answer[];
  well: Answer[];
}

interface SystemAnswer {
  problems: { what: string; disk?: string; message: string; todo?: string }[];
  disks: { directories: string[] }[];
}

let folder: string;
let redis: TestRedis;
let connection: Redis;
let disk: FaultyDisk;
let fleet: Fleet;
let clip: ClipUnit[];
let whileReadsHang: Meanwhile;
let whileAllHangs: Meanwhile;
let system: SystemAnswer;
const told: Record<string, string> = {};

/** Newest first; the newest is of ten minutes ago. */
const minutes: Minute[] = Array.from({ length: BACKLOG + 2 }, (_, i) =>
  minuteAt((Date.now() - (i + 10) * 60_000) * 1000),
);
const [second, third, ...backlog] = minutes as [Minute, Minute, ...Minute[]];
const first = backlog.pop() as Minute;

const directoryOf = (camera: string) => (camera === "hung" ? join(disk.mountPoint, "footage") : join(folder, "well"));
/** The real place of the files: this test must not access a disk that hangs. */
const filesOf = (camera: string) => (camera === "hung" ? join(disk.backing, "footage") : directoryOf(camera));
const mp4Of = (camera: string, minute: Minute) => minutePath(filesOf(camera), camera, minute, "mp4");
const isConverted = (camera: string, minute: Minute) =>
  existsSync(mp4Of(camera, minute)) && !existsSync(chunkPath(filesOf(camera), camera, minute, 1));

async function record(camera: string, minute: Minute): Promise<void> {
  const units = atPace(clip, (minuteStartUs(minute) as number) + 1000);
  const endUs = (units.at(-1)?.timeUs as number) + 40_000;
  await writeChunk(chunkPath(filesOf(camera), camera, minute, 1), { units, origin: origin(), endUs });
}

async function recordOld(camera: string): Promise<void> {
  await mkdir(dirname(mp4Of(camera, OLD)), { recursive: true });
  await writeFile(mp4Of(camera, OLD), Buffer.alloc(MAX_BYTES));
}

/** Returns status 0 when there is no answer. */
async function get(path: string): Promise<Answer> {
  const startMs = performance.now();
  const response = await fetch(`${fleet.apiUrl}${path}`, { signal: AbortSignal.timeout(12_000) }).catch(
    () => undefined,
  );
  const body = (await response?.text().catch(() => undefined)) ?? "";
  const headers = response?.headers ?? new Headers();
  return { path, status: response?.status ?? 0, ms: performance.now() - startMs, body, headers };
}

/** One request of each kind for a camera's footage. */
function questions(camera: string): string[] {
  const day = first.slice(0, 8);
  return [
    `/api/1/camera/${camera}.preview.${first}.mp4`,
    `/api/1/camera/${camera}.thumbnail.${first}.jpg`,
    `/api/1/camera/${camera}/minutes?day=${day}`,
    `/api/1/camera/${camera}.range.${first}.to.${first}.mp4`,
    `/api/1/days?camera_ids=${camera}`,
    `/api/1/cameras/${day}?camera_ids=${camera}`,
  ];
}

/** Requests the one camera continuously, and the other meanwhile. */
async function askBoth(hung: string[]): Promise<Meanwhile> {
  const asked = Promise.all(Array.from({ length: REQUESTS }, (_, i) => get(hung[i % hung.length] as string)));
  await new Promise((resolve) => setTimeout(resolve, 300));
  const meanwhile = await Promise.all(questions("well").map(get));
  const answers = await asked;
  return { hung: answers, well: [...meanwhile, ...(await Promise.all(questions("well").map(get)))] };
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "hindsight-hung-"));
  disk = await FaultyDisk.create(folder, "disk");
  clip = await makeClip(CLIP);
  redis = await startRedis();
  connection = new Redis(redis.url, { maxRetriesPerRequest: null });
  for (const camera of CAMERAS) await record(camera, first);
  fleet = await Fleet.prepare({
    folder,
    redisUrl: redis.url,
    config: {
      cameras: Object.fromEntries(
        CAMERAS.map((id) => [id, { url: "rtsp://127.0.0.1:1/", directory: directoryOf(id), enabled: false }]),
      ),
      converter: { attempts: 2, retryDelay: "500ms", sweepInterval: "1s" },
      reaper: { maxBytes: MAX_BYTES, interval: "1s" },
    },
    environment: { UV_THREADPOOL_SIZE: "4" },
  });
  fleet.start("converter", "api", "reaper");
  await until("the first minutes to be converted", 20_000, async () =>
    CAMERAS.every((each) => isConverted(each, first)),
  );
  await until("the api to serve both", 20_000, async () => {
    const answers = await Promise.all(CAMERAS.flatMap(questions).map(get));
    return answers.every(({ status }) => status === 200);
  });

  await disk.fail("read hang");
  for (const camera of CAMERAS) await record(camera, second);
  const wantReads = [
    ...[first, second].map((minute) => `/api/1/camera/hung.range.${minute}.to.${minute}.mp4`),
    "/api/1/camera/hung/snapshot.jpg",
  ];
  await new Promise((resolve) => setTimeout(resolve, 1500)); // the sweep finds the chunks
  whileReadsHang = await askBoth(wantReads);
  told.readsHang = await until("the other camera to be converted while reads hang", 15_000, async () => {
    return isConverted("well", second) && "converted";
  }).catch((error: Error) => error.message);

  // When a process starts another, the kernel flushes each of its open files: docs/reliability.md has the consequences.
  await disk.fail("flush works", "all hang");
  for (const minute of backlog) await record("hung", minute);
  for (const camera of CAMERAS) await recordOld(camera);
  const queue = new ConversionQueue(connection, { attempts: 2, retryDelayMs: 500 });
  await record("well", third);
  await queue.pushAll(backlog.map((minute) => ({ camera: "hung", minute, directory: directoryOf("hung") })));
  await queue.pushAll([{ camera: "well", minute: third, directory: directoryOf("well") }]);
  await queue.close();
  whileAllHangs = await askBoth(questions("hung"));
  told.allHangs = await until("the other camera to be converted while the disk hangs", 25_000, async () => {
    return isConverted("well", third) && "converted";
  }).catch((error: Error) => error.message);
  told.reaper = await until("the other camera's old footage to go", 15_000, async () => {
    return !existsSync(mp4Of("well", OLD)) && "gone";
  }).catch((error: Error) => error.message);
  ({ payload: system } = JSON.parse((await get("/api/1/system.json")).body || '{"payload":{}}') as {
    payload: SystemAnswer;
  });

  await disk.fail();
  const all = [first, second, ...backlog];
  told.afterwards = await until("everything to be converted", 30_000, async () => {
    return all.every((minute) => isConverted("hung", minute)) && !existsSync(mp4Of("hung", OLD)) && "converted";
  }).catch((error: Error) => error.message);
}, 180_000);

afterAll(async () => {
  await disk?.fail();
  await fleet?.stop();
  connection?.disconnect();
  await redis?.stop();
  await disk?.remove();
  await rm(folder, { recursive: true, force: true });
});

describe.each(["whileReadsHang", "whileAllHangs"] as const)("%s", (when) => {
  const answers = () => ({ whileReadsHang, whileAllHangs })[when];

  test("what lies on the disk is refused within seconds, with what to do", () => {
    for (const { path, status, ms, body, headers } of answers().hung) {
      expect(status, path).toBe(503);
      expect(ms, path).toBeLessThan(10_000);
      expect(headers.get("content-type"), path).toBe("application/problem+json");
      expect(Number(headers.get("retry-after")), path).toBeGreaterThan(0);
      expect(body, path).toMatch(/does not answer/);
    }
  });

  test("the other camera is served as ever", () => {
    for (const { path, status, ms } of answers().well) {
      expect(status, path).toBe(200);
      expect(ms, path).toBeLessThan(3000);
    }
  });
});

test("the other camera's minutes are converted", () => {
  expect(told.readsHang).toBe("converted");
  expect(told.allHangs).toBe("converted");
});

test("the other camera's oldest footage is reaped", () => {
  expect(told.reaper).toBe("gone");
});

test("system.json names the disk that hangs, with what to do, and tells of the other", () => {
  const { disk: path, message, todo } = system.problems?.find(({ what }) => what === "disk") ?? {};
  expect(path).toBe(disk.mountPoint);
  expect(message).toMatch(/does not answer/);
  expect(todo).toMatch(/server/);
  expect(system.disks?.flatMap(({ directories }) => directories)).toContain(directoryOf("well"));
});

describe("when the disk answers again", () => {
  test("all of its minutes are converted, whole, and none has failed", async () => {
    expect(told.afterwards).toBe("converted");
    for (const minute of [second, backlog[0] as Minute]) {
      expect(await readFrames(mp4Of("hung", minute))).toHaveLength(CLIP.frames);
    }
    expect(fleet.log).not.toMatch(/attempt \d of \d failed|quarantine/);
  });

  test("nothing of what was begun is left behind", async () => {
    await until("temporary files to be gone", 20_000, async () => {
      const names = await readdir(join(filesOf("hung"), first.slice(0, 8)));
      return names.every((name) => !name.startsWith("."));
    });
  });

  test("its footage is served again, and no file of it is held open", async () => {
    for (const { path, status } of await Promise.all(questions("hung").map(get))) expect(status, path).toBe(200);
    await until("the api to hold no file of the disk", 5000, async () => {
      const files = `/proc/${fleet.pid("api")}/fd`;
      const paths = await Promise.all((await readdir(files)).map((fd) => readlink(join(files, fd)).catch(() => "")));
      return paths.every((path) => !path.startsWith(disk.mountPoint));
    });
  });
});
