import { createHash } from "node:crypto";
import { mkdir, readFile, stat } from "node:fs/promises";
import { join, relative } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Fleet, until } from "../../support/fleet.ts";
import { footage } from "../../support/mp4-evidence.ts";
import { startRedis } from "../../support/redis.ts";
import { startSimulator } from "../../support/simulator.ts";
import { SteppedClock } from "../../support/stepped-clock.ts";
import { contentOf, TracedDisk, type TracedFile } from "./crashed-disk.ts";
import { type FileOperation, readTrace } from "./syscall-trace.ts";
import { TracedService } from "./traced-fleet.ts";

export const CAMERAS = ["one", "two"];
export const SYNC_INTERVAL_MS = 1000;
const CLIP = { width: 640, height: 360, fps: 25, bitrateKbit: 600, gopFrames: 25, seconds: 20 };
const BLOCK_HEADER_BYTES = 17;
const H264 = 0;

/** An access unit that the recorder wrote into a chunk. */
export interface WrittenUnit {
  sha256: string;
  /** When its last byte was handed to the kernel, µs since the Unix epoch. */
  writtenUs: number;
  /** From when on it must survive a power loss; infinite when it never must. */
  durableUs: number;
}

/** The system calls of a recorder and a converter on the store. */
export interface TracedRecording {
  disk: TracedDisk;
  operations: FileOperation[];
  /** By camera, in the order of writing. */
  units: Map<string, WrittenUnit[]>;
  /**
   * The longest pause between the recorder's writes and syncs beyond the normal, µs: how much the machine delayed it.
   */
  latenessUs: number;
}

/**
 * Runs the real recorder and converter with two cameras, both under strace, across `minutes` ends of a minute (the wall
 * clock is stepped, so that minutes are short), and reads the traces. Throws when the model of the disk made from them
 * differs from the real disk in any byte.
 */
export async function recordTrace(folder: string, minutes: number): Promise<TracedRecording> {
  const redis = await startRedis();
  const simulator = await startSimulator({ cameras: CAMERAS.map((id) => ({ id, clip: CLIP })) });
  const clock = await SteppedClock.create(folder);
  const fleet = await Fleet.prepare({
    folder,
    redisUrl: redis.url,
    config: {
      cameras: Object.fromEntries(CAMERAS.map((id) => [id, { url: simulator.url(id) }])),
      recorder: { syncInterval: `${SYNC_INTERVAL_MS}ms`, diskReserve: "0" },
      converter: { sweepInterval: "1s" },
    },
  });
  const root = fleet.storageRoot;
  const environment = {
    ...clock.environment,
    NVR_CONFIG: join(folder, "config", "nvr.json"),
    REDIS_URL: redis.url,
  };
  const services: TracedService[] = [];
  const all = async (ending: string) =>
    (await Promise.all(CAMERAS.map((camera) => footage(join(root, camera), ending)))).flat();
  const stepTo = (secondsBeforeMinute: number) => {
    const nowS = clock.nowMs() / 1000;
    return clock.setOffset(nowS - Date.now() / 1000 + 60 - (nowS % 60) - secondsBeforeMinute);
  };
  try {
    await mkdir(root);
    await stepTo(7);
    const recorder = TracedService.start("recorder", folder, environment);
    const converter = TracedService.start("converter", folder, environment);
    services.push(recorder, converter);
    for (let minute = 1; minute <= minutes; minute++) {
      await until(
        "a minute to be converted",
        60_000,
        async () => (await all(".mp4")).length >= minute * CAMERAS.length,
      );
      await sleep(2500); // until the next minute has begun and some of it is durable
      if (minute < minutes) await stepTo(5); // a stepped clock begins another minute
    }
    await recorder.stop();
    await converter.stop();
  } finally {
    await Promise.all(services.map((service) => service.kill()));
    await simulator.remove();
    await redis.stop();
  }
  const operations = await readTrace(folder, ["recorder", "converter"], root);
  const disk = new TracedDisk(root, operations);
  await requireLikeDisk(disk, root);
  return { disk, operations, units: unitsOf(disk, root), latenessUs: latenessOf(disk) };
}

async function requireLikeDisk(disk: TracedDisk, root: string): Promise<void> {
  const files = (await Promise.all(CAMERAS.map((camera) => footage(join(root, camera), "")))).flat();
  const live = disk.live();
  if (files.length === 0) throw new Error("nothing was recorded");
  const isOfCamera = (path: string) => CAMERAS.includes(path.split("/")[0] ?? "");
  const missing = [...live.keys()].filter((path) => isOfCamera(path) && !files.includes(join(root, path)));
  if (missing.length > 0) throw new Error(`by the trace there should be ${missing.join(", ")}`);
  for (const file of files) {
    const traced = live.get(relative(root, file));
    if (traced === undefined || !traced.equals(await readFile(file))) {
      throw new Error(
        `the trace tells something else of ${file} (${traced?.length} bytes, ${(await stat(file)).size})`,
      );
    }
  }
}

function unitsOf(disk: TracedDisk, root: string): Map<string, WrittenUnit[]> {
  return new Map(
    CAMERAS.map((camera) => [
      camera,
      chunksOf(disk)
        .filter(({ paths }) => paths[0]?.startsWith(join(root, camera, "/")))
        .flatMap((file) => unitsIn(file, disk.nameDurableUs(file.paths[0] as string))),
    ]),
  );
}

function chunksOf(disk: TracedDisk): TracedFile[] {
  return disk.files.filter(({ paths }) => paths[0]?.endsWith(".chunk"));
}

function unitsIn({ data, syncs }: TracedFile, nameDurableUs: number): WrittenUnit[] {
  const units: WrittenUnit[] = [];
  const bytes = contentOf(data);
  for (let at = 0; at + BLOCK_HEADER_BYTES <= bytes.length; ) {
    const start = at + BLOCK_HEADER_BYTES;
    const end = start + Number(bytes.readBigUInt64BE(at + 1));
    if (bytes[at] === H264 && end <= bytes.length) {
      const writtenUs = writtenAt(data, end);
      const synced = syncs.find(({ startUs }) => startUs >= writtenUs)?.endUs ?? Number.POSITIVE_INFINITY;
      units.push({
        sha256: createHash("sha256").update(bytes.subarray(start, end)).digest("hex"),
        writtenUs,
        durableUs: Math.max(synced, nameDurableUs),
      });
    }
    at = end;
  }
  return units;
}

function writtenAt(data: TracedFile["data"], end: number): number {
  let length = 0;
  for (const operation of data) {
    if (operation.kind === "append") length += operation.data.length;
    if (length >= end) return operation.endUs;
  }
  throw new Error("a chunk ends before its last block");
}

/** The longest pause between two operations on a chunk, minus the second that is normal. */
function latenessOf(disk: TracedDisk): number {
  let latest = 0;
  for (const { data, syncs } of chunksOf(disk)) {
    const times = [...data, ...syncs].flatMap(({ startUs, endUs }) => [startUs, endUs]).sort((a, b) => a - b);
    for (const [i, timeUs] of times.entries()) latest = Math.max(latest, timeUs - (times[i - 1] ?? timeUs));
  }
  return latest;
}
