import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ChunkFrame, readChunkFrames } from "../support/chunk-evidence.ts";
import { expectUnbrokenRun } from "../support/expectations.ts";
import { Fleet, until } from "../support/fleet.ts";
import { freePort, startRedis, type TestRedis } from "../support/redis.ts";
import { type RunningSimulator, startSimulator } from "../support/simulator.ts";
import { FaultyDisk, LoopDisk, type TestDisk } from "./support/faulty-disk.ts";

const run = promisify(execFile);
const CLIP = { width: 320, height: 180, fps: 25, bitrateKbit: 200, gopFrames: 25, seconds: 20 };
/** Four, the default number of threads that all file operations of a process share. */
const HANGING = ["hang-a", "hang-b", "hang-c", "hang-d"];
const FAILING = ["write-error", "sync-error", "read-only", "unmounted", "no-rights", "late"];
const SECOND_US = 1_000_000;

let folder: string;
let redis: TestRedis;
let simulator: RunningSimulator;
let fleet: Fleet;
let healthPort: number;
const disks: TestDisk[] = [];
const directories: Record<string, string> = {};
const told: Record<string, string> = {};
let failedUs: number;
let healedUs: number;
let stoppedUs: number;
let writtenOnTheMountPoint: string[];
let writtenBeforeTheMount: string[];
let statesWhileFailing: Record<string, string>;

const frames = (camera: string) => readChunkFrames(directories[camera] as string);
const nowUs = () => Date.now() * 1000;

/** Each camera's state in the recorder's metrics. */
async function states(): Promise<Record<string, string>> {
  const metrics = await (await fetch(`http://127.0.0.1:${healthPort}/metrics`)).text();
  const found = metrics.matchAll(/^hindsight_camera_state\{camera="([^"]+)",state="([^"]+)".*\} 1$/gm);
  return Object.fromEntries(Array.from(found, ([, camera, state]) => [camera, state]));
}

/** The problems that the recorder reports: its `/health` does not access any disk. */
async function problems(): Promise<string[]> {
  const answer = await fetch(`http://127.0.0.1:${healthPort}/health`);
  const { problems: found = [] } = (await answer.json()) as { problems?: string[] };
  return found;
}

const linesOf = (camera: string, text: string) =>
  fleet.log.split("\n").filter((line) => line.includes(`camera ${camera}:`) && line.includes(text));

/** All disks but one fail at the same time, each in a different way; then all work again. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "hindsight-disks-"));
  const keep = async <Disk extends TestDisk>(disk: Promise<Disk>) => {
    disks.push(await disk);
    return disk;
  };
  const hanging = await keep(FaultyDisk.create(folder, "hanging"));
  const writeErrors = await keep(FaultyDisk.create(folder, "write-errors"));
  const syncErrors = await keep(FaultyDisk.create(folder, "sync-errors"));
  const broken = await keep(LoopDisk.create(folder, "broken"));
  const pulledOut = await keep(LoopDisk.create(folder, "pulled-out"));
  const late = await keep(LoopDisk.create(folder, "mounted-late"));
  await late.unmount();
  for (const camera of HANGING) directories[camera] = join(hanging.mountPoint, camera);
  directories["write-error"] = join(writeErrors.mountPoint, "footage");
  directories["sync-error"] = join(syncErrors.mountPoint, "footage");
  directories["read-only"] = join(broken.mountPoint, "footage");
  directories.unmounted = join(pulledOut.mountPoint, "footage");
  directories.late = join(late.mountPoint, "footage");
  for (const camera of ["deleted", "no-rights", "healthy"]) directories[camera] = join(folder, camera);
  const cameras = Object.keys(directories);
  const noRights = directories["no-rights"] as string;
  await mkdir(noRights);
  await run("chattr", ["+i", noRights]); // also prevents root from writing

  redis = await startRedis();
  simulator = await startSimulator({ cameras: cameras.map((id) => ({ id, clip: CLIP })) });
  healthPort = await freePort();
  fleet = await Fleet.prepare({
    folder,
    redisUrl: redis.url,
    config: {
      cameras: Object.fromEntries(cameras.map((id) => [id, { url: simulator.url(id), directory: directories[id] }])),
      storage: { root: join(folder, "recordings"), mountPoints: [late.mountPoint, pulledOut.mountPoint] },
      recorder: { syncInterval: "1s", diskReserve: 0 },
      health: { recorderPort: healthPort },
    },
  });
  fleet.start("recorder");
  await until("all cameras that can be to be recorded", 30_000, async () => {
    const found = await Promise.all(cameras.filter((id) => id !== "no-rights" && id !== "late").map(frames));
    return found.every(({ length }) => length > 2 * CLIP.fps);
  });

  failedUs = nowUs();
  await hanging.fail("all hang");
  await writeErrors.fail("write EIO");
  await syncErrors.fail("fsync EIO");
  await broken.breakDown();
  await pulledOut.unmount();
  await simulator.setFault("unmounted", { cut: { refuseForMs: 0 } }); // the next session begins a new chunk
  await rm(join(directories.deleted as string), { recursive: true });
  await until("each failing disk to be told", 40_000, async () => {
    for (const message of await problems()) {
      const [, camera = ""] = /camera ([\w-]+): cannot write/.exec(message) ?? [];
      told[camera] ??= message;
    }
    // The problem of a deleted file ends at once, because a new file has begun.
    return (
      [...HANGING, ...FAILING].every((id) => told[id] !== undefined) && linesOf("deleted", "was deleted").length > 0
    );
  });
  await until("the healthy disk's camera to be recorded well after all others failed", 20_000, async () => {
    return ((await frames("healthy")).at(-1)?.captureTimeUs ?? 0) > failedUs + 12 * SECOND_US;
  });
  writtenBeforeTheMount = await readdir(late.mountPoint);
  writtenOnTheMountPoint = await readdir(pulledOut.mountPoint);
  statesWhileFailing = await states();

  healedUs = nowUs();
  await hanging.fail();
  await writeErrors.fail();
  await syncErrors.fail();
  await broken.repair();
  await pulledOut.mount();
  await late.mount();
  await run("chattr", ["-i", noRights]);
  let left: string[] = [];
  await until("the trouble to be over", 40_000, async () => {
    left = await problems();
    return left.length === 0;
  }).catch((error: Error) => {
    throw new Error(`${error.message}: ${left.join("\n")}`);
  });
  await until("all cameras to be recorded again", 30_000, async () => {
    const found = await Promise.all(cameras.map(frames));
    return found.every((each) => (each.at(-1)?.captureTimeUs ?? 0) > healedUs + 3 * SECOND_US);
  });
  stoppedUs = nowUs();
  await fleet.end("recorder");
}, 240_000);

afterAll(async () => {
  for (const disk of disks) if (disk instanceof FaultyDisk) await disk.fail();
  await fleet?.stop();
  await simulator?.remove();
  await redis?.stop();
  await run("chattr", ["-i", directories["no-rights"] as string]).catch(() => {});
  for (const disk of disks) await disk.remove();
  await rm(folder, { recursive: true, force: true });
});

test("a camera on a disk that works loses no frame while all other disks fail", async () => {
  expectUnbrokenRun("healthy", await frames("healthy"), await simulator.readLog("healthy"), stoppedUs - SECOND_US);
  expect(linesOf("healthy", "cannot write")).toEqual([]);
});

// Frames wait in memory meanwhile, and are written when the disk works again.
test.each([...HANGING, "write-error", "sync-error", "no-rights"])("%s: no frame is lost", async (camera) => {
  const recorded = await frames(camera);
  expect(recorded[0]?.captureTimeUs).toBeLessThan(failedUs);
  expectUnbrokenRun(camera, recorded, await simulator.readLog(camera), stoppedUs - SECOND_US);
});

test("read-only: no frame is lost but what the disk had not been told to keep for good", async () => {
  const found = new Set((await frames("read-only")).map(({ sha256 }) => sha256));
  const sent = await simulator.readLog("read-only");
  const first = sent.findIndex(({ sha256 }) => found.has(sha256));
  const lost = sent.slice(first).filter(({ sha256, captureTimeUs }) => {
    return !found.has(sha256) && captureTimeUs < stoppedUs - SECOND_US;
  });
  const wrong = lost.filter(
    ({ captureTimeUs }) => captureTimeUs < failedUs - 5 * SECOND_US || captureTimeUs > failedUs,
  );
  const seconds = [...new Set(wrong.map(({ captureTimeUs }) => Math.floor((captureTimeUs - failedUs) / SECOND_US)))];
  expect(wrong.length, `lost ${seconds} s from the failure:\n${linesOf("read-only", "").join("\n")}`).toBe(0);
});

describe("a disk that is pulled out", () => {
  test("is told as gone, and nothing is written into the empty mount point", () => {
    expect(told.unmounted).toMatch(/cannot write in .*the disk at .*pulled-out is gone/);
    expect(writtenOnTheMountPoint).toEqual([]);
  });

  test("no frame is lost when it comes back", async () => {
    const recorded = await frames("unmounted");
    const sent = await simulator.readLog("unmounted");
    const sessions = [...new Set(sent.map(({ session }) => session))];
    expect(sessions).toHaveLength(2);
    const second = sent.filter(({ session }) => session === sessions[1]);
    const start = second[0]?.captureTimeUs ?? 0;
    const before: ChunkFrame[] = recorded.filter(({ captureTimeUs }) => captureTimeUs < start - SECOND_US / 50);
    const after = recorded.slice(before.length);
    expectUnbrokenRun("first session", before, sent, start - 3 * SECOND_US);
    expect(after[0]?.sha256).toBe(second[0]?.sha256);
    expectUnbrokenRun("second session", after, second, stoppedUs - SECOND_US);
  });
});

describe("a disk that is not mounted where one must be when the recorder starts", () => {
  test("is told, with what to do, and nothing is written into its mount point", () => {
    expect(told.late).toMatch(/cannot write in .*no disk is mounted at .*mounted-late.*: mount it/);
    expect(writtenBeforeTheMount).toEqual([]);
    expect(statesWhileFailing.late).toBe("unwritten");
  });

  test("is recorded to once it is mounted, from the first frame on", async () => {
    const recorded = await frames("late");
    const sent = await simulator.readLog("late");
    expect(recorded[0]?.sha256).toBe(sent[0]?.sha256);
    expectUnbrokenRun("late", recorded, sent, stoppedUs - SECOND_US);
  });
});

test("footage that was deleted under the recorder: it goes on in a new file within seconds", async () => {
  const recorded = await frames("deleted");
  expect((recorded[0]?.captureTimeUs ?? 0) - failedUs).toBeLessThan(10 * SECOND_US);
  expectUnbrokenRun("deleted", recorded, await simulator.readLog("deleted"), stoppedUs - SECOND_US);
});

test.each([
  ["hang-a", /does not answer/],
  ["write-error", /EIO: i\/o error, write/],
  ["sync-error", /may be lost \(EIO: i\/o error, f/],
  ["read-only", /EROFS: read-only file system|may be lost \(E/],
  ["no-rights", /EPERM: operation not permitted/],
])("%s is told in the status, with what to do", (camera, message) => {
  expect(told[camera]).toMatch(message);
  expect(told[camera]).toMatch(/check its rights and its disk/);
});

test("who sends to a disk that takes nothing is not told to be recording", () => {
  for (const camera of [...HANGING, "write-error", "read-only", "no-rights", "unmounted"]) {
    expect(statesWhileFailing[camera], camera).toBe("unwritten");
  }
  for (const camera of ["healthy", "sync-error"]) expect(statesWhileFailing[camera], camera).toBe("recording");
});

test.each([...HANGING, "write-error", "no-rights"])(
  "%s is logged once when it begins and once when it is over",
  (camera) => {
    expect(linesOf(camera, "cannot write")).toHaveLength(1);
    expect(linesOf(camera, "can be written again")).toHaveLength(1);
  },
);
