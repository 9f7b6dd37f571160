import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Queue, QueueEvents } from "bullmq";
import { Redis } from "ioredis";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { TakeoverPace } from "../../shared/conversion/takeover-pace.ts";
import { endOf } from "../../shared/conversion/testing/minute-fixture.ts";
import { CONVERSION_QUEUE } from "../../shared/queue/conversion-queue.ts";
import { chunkPath } from "../../shared/store/names.ts";
import { minuteAt, minuteStartUs } from "../../shared/time/minute.ts";
import { atPace, makeClip, origin, type TimedUnit, writeChunk } from "../../tests/support/chunk-maker.ts";
import { Fleet, until } from "../../tests/support/fleet.ts";
import { readFrames } from "../../tests/support/mp4-evidence.ts";
import { Random } from "../../tests/support/random.ts";
import { startRedis, type TestRedis } from "../../tests/support/redis.ts";
import { SEED } from "../../tests/support/seed.ts";

const DIST = fileURLToPath(new URL("../../dist/", import.meta.url));
/** Shorter than in service, so that the tests need not wait as long. */
const PACE: TakeoverPace = { heartbeatMs: 500, staleMs: 3000, jobLockMs: 3000, stalledCheckMs: 1000 };
const MAIN = `
import { runService } from ${JSON.stringify(join(DIST, "shared/service/run-service.js"))};
import { Converter } from ${JSON.stringify(join(DIST, "services/converter/converter.js"))};
await runService("converter", async (context) => new Converter(context, ${JSON.stringify(PACE)}));
`;

let folder: string;
let server: TestRedis;
let fleets: Fleet[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "hindsight-converter-"));
  await writeFile(join(folder, "converter.mjs"), MAIN);
  server = await startRedis();
  fleets = [];
});

afterEach(async () => {
  for (const fleet of fleets) await fleet.end("converter", "SIGKILL");
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

/** A converter process, not yet started. */
async function converter(settings: Record<string, unknown> = {}, redisUrl = server.url): Promise<Fleet> {
  const config = {
    cameras: {
      cam: { url: "rtsp://127.0.0.1:1/", enabled: false },
      other: { url: "rtsp://127.0.0.1:1/", enabled: false },
    },
    converter: { attempts: 2, retryDelay: "500ms", sweepInterval: "2s", ...settings },
    log: { level: "debug" },
  };
  const fleet = await Fleet.prepare({ folder, redisUrl, config });
  fleets.push(fleet);
  return fleet;
}

function start(fleet: Fleet): void {
  fleet.startReplica("converter", "converter", { main: join(folder, "converter.mjs") });
}

const directory = (camera: string) => join(folder, "recordings", camera);
const FIRST_US = minuteStartUs("20251124.1400") as number;
const minuteUs = (i: number) => FIRST_US + i * 60_000_000 + 50_000;

/** Writes one chunk of a minute and returns its frames. */
async function put(camera: string, i: number, units?: TimedUnit[]): Promise<TimedUnit[]> {
  const frames = units ?? atPace(await makeClip({ frames: 30, gop: 10, hue: (i % 6) * 60 }), minuteUs(i));
  const path = chunkPath(directory(camera), camera, minuteAt(minuteUs(i)), 1);
  await writeChunk(path, { units: frames, origin: origin(), endUs: endOf(frames) });
  return frames;
}

async function names(camera: string): Promise<string[]> {
  return (await readdir(join(directory(camera), "20251124")).catch(() => [])).sort();
}

/** Waits until all minutes are finished and nothing else is in the folder. */
async function finished(camera: string, count: number, limitMs = 40_000): Promise<void> {
  const endings = [".mp4", ".preview.jpg", ".thumbnail.jpg"];
  await until(`${count} minutes of ${camera}`, limitMs, async () => {
    const found = await names(camera);
    return (
      found.length === count * 3 &&
      endings.every((ending) => found.filter((name) => name.endsWith(ending)).length === count)
    );
  });
}

/** The frames of minutes 0, 1, 2 …, a few minutes at a time. */
async function expectAllFrames(camera: string, sent: readonly TimedUnit[][]): Promise<void> {
  const rest = [...sent.entries()];
  const checkNext = async () => {
    for (let next = rest.pop(); next !== undefined; next = rest.pop()) await expectFrames(camera, ...next);
  };
  await Promise.all([checkNext(), checkNext(), checkNext()]);
}

async function expectFrames(camera: string, i: number, units: TimedUnit[]): Promise<void> {
  const frames = await readFrames(join(directory(camera), "20251124", `${camera}.${minuteAt(minuteUs(i))}.mp4`));
  expect(frames.map(({ sha256 }) => sha256)).toEqual(
    units.map(({ data }) => createHash("sha256").update(data).digest("hex")),
  );
}

/**
 * A stand-in for ffmpeg: creates a file "waiting" when it is given pictures, and begins when a file "go" exists or the
 * folder is gone.
 */
async function waitingFfmpeg(): Promise<string> {
  const path = join(folder, "ffmpeg.sh");
  const wait = `while [ -d ${folder} ] && [ ! -e ${folder}/go ]; do sleep 0.1; done`;
  const script = `case "$*" in *pipe:0*) touch ${folder}/waiting; ${wait};; esac`;
  await writeFile(path, `#!/bin/sh\n${script}\nexec ffmpeg "$@"\n`);
  await chmod(path, 0o755);
  return path;
}

/** Waits until a converter has read its minute and has started on the pictures. */
async function atWork(): Promise<void> {
  await until("the converter at work", 30_000, async () => existsSync(join(folder, "waiting")));
}

/** Starts counting how often jobs are delayed. */
async function countDelays(url = server.url): Promise<{ reach(count: number): Promise<void>; close(): Promise<void> }> {
  const redis = new Redis(url, { maxRetriesPerRequest: null });
  const events = new QueueEvents(CONVERSION_QUEUE, { connection: redis });
  let delays = 0;
  events.on("delayed", () => delays++);
  await events.waitUntilReady();
  return {
    reach: async (count) => void (await until(`${count} delays`, 30_000, async () => delays >= count)),
    close: async () => {
      await events.close();
      redis.disconnect();
    },
  };
}

test("two converters share what waits, found by sweeping alone, and every frame is there once", async () => {
  const sent = await Promise.all(Array.from({ length: 48 }, (_, i) => put("cam", i))); // more than one takes at once
  const [one, two] = [await converter(), await converter()];
  start(one);
  start(two);
  await finished("cam", 48);
  await expectAllFrames("cam", sent);
  const shares = [one, two].map(({ log }) => log.match(/30 frames from 1 chunks/g)?.length ?? 0);
  expect(shares[0] as number).toBeGreaterThan(0);
  expect(shares[1] as number).toBeGreaterThan(0);
  expect(await one.end("converter")).toBe(0);
  expect(await two.end("converter")).toBe(0);
});

test("the same minute at two converters at once, which know nothing of one another: one waits, each frame is there once", async () => {
  const elsewhere = await startRedis();
  const units = await put("cam", 0);
  const one = await converter({ ffmpegPath: await waitingFfmpeg(), ffmpegTimeout: "120s" });
  start(one);
  await atWork();
  const two = await converter({}, elsewhere.url);
  const delays = await countDelays(elsewhere.url);
  start(two);
  await delays.reach(2);
  await writeFile(join(folder, "go"), "");
  await finished("cam", 1);
  await expectFrames("cam", 0, units);
  for (const fleet of [one, two]) expect(await fleet.end("converter")).toBe(0);
  await delays.close();
  await elsewhere.stop();
});

test("after kill -9 of a converter in the middle of a minute another one finishes it", async () => {
  const units = await put("cam", 0);
  const slow = await converter({ ffmpegPath: await waitingFfmpeg() });
  start(slow);
  await atWork();
  await slow.end("converter", "SIGKILL");
  expect((await names("cam")).some((name) => name.endsWith(".chunk"))).toBe(true);
  const next = await converter();
  start(next);
  await finished("cam", 1, 55_000);
  await expectFrames("cam", 0, units);
}, 90_000);

test("a converter that was frozen and wakes up does not put its older view over what another has merged meanwhile", async () => {
  const units = atPace(await makeClip({ frames: 30, gop: 10 }), minuteUs(0));
  await put("cam", 0, units.slice(0, 20));
  const frozen = await converter({
    ffmpegPath: await waitingFfmpeg(),
    ffmpegTimeout: "120s",
  });
  start(frozen);
  await atWork();
  process.kill(frozen.pid("converter"), "SIGSTOP");
  const path = chunkPath(directory("cam"), "cam", minuteAt(minuteUs(0)), 2);
  await writeChunk(path, { units: units.slice(20), origin: origin("a", { session: 2 }), endUs: endOf(units) });
  const other = await converter();
  start(other);
  await finished("cam", 1, 60_000);
  await writeFile(join(folder, "go"), "");
  process.kill(frozen.pid("converter"), "SIGCONT");
  const sawIt = "another converter has taken this minute over";
  await until("the frozen one sees it", 30_000, async () => frozen.log.includes(sawIt));
  await expectFrames("cam", 0, units);
  await finished("cam", 1, 10_000);
}, 120_000);

test("kill -9 at random moments, again and again: in the end every frame is there once, and nothing half-written", async () => {
  const sent = await Promise.all(Array.from({ length: 40 }, (_, i) => put("cam", i)));
  const random = new Random(SEED);
  const checked = new Set<number>();
  for (let kill = 0; kill < 6; kill++) {
    const victim = await converter();
    start(victim);
    await until("a converter that started", 15_000, async () => victim.log.includes("started"));
    await sleep(random.between(0, 600));
    await victim.end("converter", "SIGKILL");
    for (const name of await names("cam")) {
      const path = join(directory("cam"), "20251124", name);
      const { ino } = await stat(path);
      if (name.endsWith(".mp4") && !checked.has(ino)) await readFrames(path); // an mp4 is never written to again
      checked.add(ino);
    }
  }
  const last = await converter();
  start(last);
  const limit = Date.now() + 60_000;
  while ((await names("cam")).some((name) => name.endsWith(".chunk"))) {
    if (Date.now() > limit) throw new Error(`seed ${SEED}: ${(await names("cam")).join(" ")}\n${last.log}`);
    await sleep(250);
  }
  await expectAllFrames("cam", sent);
  expect((await names("cam")).filter((name) => !name.startsWith("."))).toHaveLength(120);
}, 180_000);

test("what was recorded while Redis was away, or before Redis was wiped, is converted when it is back", async () => {
  await server.stop();
  const fleet = await converter({ sweepInterval: "60s" });
  start(fleet);
  await put("cam", 0);
  await until("a converter without Redis", 20_000, async () => /Redis .*(away|cannot)/.test(fleet.log));
  expect(await names("cam")).toHaveLength(1);
  server = await startRedis({ port: server.port });
  await finished("cam", 1, 20_000);
  await server.kill();
  await put("cam", 1);
  server = await startRedis({ port: server.port });
  await finished("cam", 2, 20_000);
});

test("a minute that is being converted when Redis goes away is finished before the converter stops", async () => {
  const [begun, mayGoOn, slow] = ["begun", "may-go-on", "slow-ffmpeg"].map((name) => join(folder, name));
  const waits = `touch ${begun}; while [ ! -e ${mayGoOn} ]; do sleep 0.05; done`;
  await writeFile(slow as string, `#!/bin/sh\ncase "$*" in *testsrc*) ;; *) ${waits};; esac\nexec ffmpeg "$@"\n`);
  await chmod(slow as string, 0o755);
  const fleet = await converter({ ffmpegPath: slow });
  const units = await put("cam", 0);
  start(fleet);
  await until("a conversion", 20_000, async () => existsSync(begun as string));
  await server.kill();
  const ended = fleet.end("converter");
  await until("the signal", 20_000, async () => fleet.log.includes("SIGTERM: stopping"));
  await sleep(1000); // longer than an idle converter needs
  await writeFile(mayGoOn as string, "");
  expect(await ended).toBe(0);
  const made = await names("cam");
  expect(made).toHaveLength(3);
  for (const name of made) expect((await stat(join(directory("cam"), "20251124", name))).mode & 0o777).toBe(0o640);
  await expectFrames("cam", 0, units);
  expect(fleet.log).not.toContain("another converter will do it again");
});

test("a poison chunk ends in quarantine and in a failed job that says why; others go on", async () => {
  const junk = Buffer.concat([Buffer.from([0, 0, 0, 1, 0x65]), Buffer.alloc(2000, 0x5a)]);
  await put("cam", 0, [{ data: junk, timeUs: minuteUs(0) }]);
  const bytes = await readFile(chunkPath(directory("cam"), "cam", minuteAt(minuteUs(0)), 1));
  await put("other", 0);
  const fleet = await converter();
  start(fleet);
  await finished("other", 1);
  const quarantine = join(directory("cam"), "quarantine");
  const kept = join(quarantine, `cam.${minuteAt(minuteUs(0))}.chunk`);
  await until("the chunk in quarantine", 30_000, async () => (await names("cam")).length === 0);
  expect((await readFile(kept)).equals(bytes)).toBe(true);
  expect(JSON.parse(await readFile(`${kept}.json`, "utf8"))).toMatchObject({
    reason: expect.stringContaining("keyframe"),
  });
  const redis = new Redis(server.url, { maxRetriesPerRequest: null });
  const queue = new Queue(CONVERSION_QUEUE, { connection: redis });
  const [failed] = await until("the failed job", 5000, async () => {
    const jobs = await queue.getJobs(["failed"]);
    return jobs.length > 0 && jobs;
  });
  expect(failed?.failedReason).toMatch(/in quarantine after 2 attempts: .*keyframe/);
  await queue.close();
  redis.disconnect();
});

test("a missing ffmpeg puts nothing in quarantine: it is told at the start, and when it is there everything is converted", async () => {
  const later = join(folder, "later");
  const fleet = await converter({ ffmpegPath: later, attempts: 1 });
  const delays = await countDelays();
  start(fleet);
  await until("the complaint", 20_000, async () => fleet.log.includes("there is no ffmpeg at"));
  const units = await put("cam", 0);
  await delays.reach(3);
  expect(fleet.log.match(/there is no ffmpeg at/g)).toHaveLength(1);
  expect((await names("cam")).filter((name) => name.endsWith(".chunk"))).toHaveLength(1);
  await writeFile(later, '#!/bin/sh\nexec ffmpeg "$@"\n');
  await chmod(later, 0o755);
  await finished("cam", 1, 20_000);
  await expectFrames("cam", 0, units);
  expect(fleet.log).toContain("ffmpeg: works again");
  await delays.close();
});

test("an ffmpeg that hangs is killed and told, no chunk is to blame; when it works again everything is converted", async () => {
  const units = await put("cam", 0);
  const hanging = join(folder, "hanging");
  await writeFile(hanging, `#!/bin/sh\necho $$ >> ${folder}/pids\nexec sleep 600\n`);
  await chmod(hanging, 0o755);
  const fleet = await converter({ ffmpegPath: hanging, ffmpegTimeout: "1s", attempts: 1 });
  start(fleet);
  await until("the complaint", 30_000, async () => /conversion waits: .*longer than 1000 ms/.test(fleet.log));
  const pids = (await readFile(join(folder, "pids"), "utf8")).trim().split("\n");
  await until("no hanging process", 10_000, async () => pids.every((pid) => !existsSync(`/proc/${pid}`)));
  expect((await names("cam")).filter((name) => name.endsWith(".chunk"))).toHaveLength(1);
  expect(existsSync(join(directory("cam"), "quarantine"))).toBe(false);
  await writeFile(`${hanging}.new`, '#!/bin/sh\nexec ffmpeg "$@"\n', { mode: 0o755 });
  await rename(`${hanging}.new`, hanging);
  await finished("cam", 1, 30_000);
  await expectFrames("cam", 0, units);
});

test("on a full disk nothing is lost and nothing goes to quarantine; with space again the minute is converted", async () => {
  const disk = directory("cam");
  await mkdir(disk, { recursive: true });
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", disk]);
  try {
    const units = await put("cam", 0);
    await mkdir(join(disk, "quarantine")); // later there is no space left to create it
    const filler = join(disk, "filler");
    await writeFile(filler, Buffer.alloc(2 ** 20)).catch(() => {});
    const fleet = await converter({ attempts: 1 });
    const delays = await countDelays();
    start(fleet);
    await until("the complaint", 20_000, async () => /conversion waits: .*ENOSPC/.test(fleet.log));
    await delays.reach(2);
    expect(await names("cam")).toEqual([`cam.${minuteAt(minuteUs(0))}.chunk`]);
    expect(await readdir(join(disk, "quarantine"))).toEqual([]);
    await rm(filler);
    await finished("cam", 1, 20_000);
    await expectFrames("cam", 0, units);
    await delays.close();
  } finally {
    await fleets.at(-1)?.end("converter", "SIGKILL");
    execFileSync("umount", [disk]);
  }
});
