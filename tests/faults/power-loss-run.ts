import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { LaterFootage } from "../../services/converter/later-footage.ts";
import { Sweep } from "../../services/converter/sweep.ts";
import { IdleWatch } from "../../shared/conversion/idle-watch.ts";
import { StoreFiles } from "../../shared/disk/store-files.ts";
import { Fleet, until } from "../support/fleet.ts";
import { footage } from "../support/mp4-evidence.ts";
import { Random } from "../support/random.ts";
import { startRedis } from "../support/redis.ts";
import { SteppedClock } from "../support/stepped-clock.ts";
import { endsInMidBlock } from "./support/chunk-tail.ts";
import { FORGETTINGS, type Forgetting, writeState } from "./support/crashed-disk.ts";
import { framesOf, leftoversIn, namesIn } from "./support/recovered-store.ts";
import {
  CAMERAS,
  recordTrace,
  SYNC_INTERVAL_MS,
  type TracedRecording,
  type WrittenUnit,
} from "./support/traced-recording.ts";

export interface PowerLossOptions {
  /** How often the power fails. */
  points: number;
  seed: number;
  /** Number of ends of a minute, each followed by a conversion, in the recording. */
  minutes: number;
  log(line: string): void;
}

/** What happened and what was found. Numbers are of access units, unless stated otherwise. */
export interface PowerLossReport {
  points: number;
  /** Numbers of disks, by what the power loss left on them. */
  met: {
    tornTails: number;
    temporaryFiles: number;
    mp4WithChunk: number;
    mp4WithoutPictures: number;
    chunkAlone: number;
  };
  written: number;
  /** The longest time from written to durable, ms, and the allowed maximum. */
  slowestMs: number;
  allowedMs: number;
  /** Access units that were durable at a point, summed over all points. */
  due: number;
  found: number;
  lost: string[];
  /** Files with a final name that are incomplete. */
  torn: string[];
  doubled: number;
  /** Never written, or out of order, except for one at the end of a chunk whose unsynced end was zeros. */
  foreign: number;
  /** Files left besides whole minutes: temporary files, locks, chunks. */
  leftovers: string[];
  /** Files in quarantine, except for points at which data had become zeros. */
  quarantined: string[];
}

interface Point {
  folder: string;
  timeUs: number;
  forgetting: Forgetting;
}

const DIST = fileURLToPath(new URL("../../dist/", import.meta.url));
/** Shorter timeouts for stale locks and jobs: after a power loss no other process is alive that could hold them. */
const PACE = { heartbeatMs: 500, staleMs: 2000, jobLockMs: 3000, stalledCheckMs: 1000 };
const MAIN = `
import { runService } from ${JSON.stringify(join(DIST, "shared/service/run-service.js"))};
import { Converter } from ${JSON.stringify(join(DIST, "services/converter/converter.js"))};
await runService("converter", async (context) => new Converter(context, ${JSON.stringify(PACE)}));
`;
const AGE_S = 3600;
/** Number of disks recovered together; small, to limit the disk space of a long run. */
const BATCH = 100;

/**
 * Records two cameras while every system call that changes a file is traced, simulates a power loss at random points of
 * the trace, and checks what a converter makes of each resulting disk. docs/reliability.md explains why this is a valid
 * test.
 */
export async function runPowerLoss({ points, seed, minutes, log }: PowerLossOptions): Promise<PowerLossReport> {
  const folder = await mkdtemp(join(tmpdir(), "hindsight-power-"));
  try {
    const recording = await recordTrace(folder, minutes);
    const random = new Random(seed);
    const report = emptyReport(points, recording);
    for (let done = 0; done < points; done += BATCH) {
      const batch = Array.from({ length: Math.min(BATCH, points - done) }, (_, i) =>
        pointOf(recording, random, done + i),
      );
      await new Batch(folder, recording, batch, report).run(random);
      log(`${Math.min(done + BATCH, points)} points, ${JSON.stringify(report.met)}`);
    }
    return report;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A random moment, or one in the middle of a call other than a plain write, or right after it. */
function pointOf({ operations }: TracedRecording, random: Random, index: number): Point {
  const forgetting = FORGETTINGS[index % FORGETTINGS.length] as Forgetting;
  const folder = `point-${index}`;
  const first = operations[0]?.startUs ?? 0;
  const last = operations.at(-1)?.endUs ?? 0;
  if (random.next() < 0.3) return { folder, forgetting, timeUs: random.between(first, last) };
  const { startUs, endUs } = random.pick(operations.filter(({ kind }) => kind !== "append"));
  return { folder, forgetting, timeUs: random.between(startUs, endUs + (endUs - startUs)) };
}

function emptyReport(points: number, { units, latenessUs }: TracedRecording): PowerLossReport {
  const written = [...units.values()].flat();
  const slowestUs = Math.max(...written.map(({ writtenUs, durableUs }) => durableUs - writtenUs));
  return {
    points,
    met: { tornTails: 0, temporaryFiles: 0, mp4WithChunk: 0, mp4WithoutPictures: 0, chunkAlone: 0 },
    written: written.length,
    slowestMs: Math.round(slowestUs / 1000),
    allowedMs: SYNC_INTERVAL_MS + Math.round((2 * latenessUs) / 1000),
    due: 0,
    found: 0,
    lost: [],
    torn: [],
    doubled: 0,
    foreign: 0,
    leftovers: [],
    quarantined: [],
  };
}

/** Some of the points, whose disks are recovered by one converter process. */
class Batch {
  readonly #folder: string;
  readonly #recording: TracedRecording;
  readonly #points: readonly Point[];
  readonly #report: PowerLossReport;

  constructor(folder: string, recording: TracedRecording, points: readonly Point[], report: PowerLossReport) {
    this.#folder = join(folder, "recovery");
    this.#recording = recording;
    this.#points = points;
    this.#report = report;
  }

  async run(random: Random): Promise<void> {
    for (const { folder, timeUs, forgetting } of this.#points) {
      const state = this.#recording.disk.crashAt(timeUs, forgetting, random);
      await writeState(state, join(this.#folder, folder), AGE_S);
      for (const camera of CAMERAS) await this.#lookAt(join(this.#folder, folder, camera));
    }
    await this.#recover();
    for (const point of this.#points) await this.#judge(point);
    await rm(this.#folder, { recursive: true });
  }

  async #lookAt(cameraFolder: string): Promise<void> {
    const { met } = this.#report;
    const files = await footage(cameraFolder, "");
    const has = (mp4: string, ending: string) => files.includes(mp4.replace(/mp4$/, ending));
    const mp4s = files.filter((path) => path.endsWith(".mp4"));
    for (const path of files.filter((name) => name.endsWith(".chunk"))) {
      if (await endsInMidBlock(path)) met.tornTails++;
      if (!has(path.replace(/chunk$/, "mp4"), "mp4")) met.chunkAlone++;
    }
    met.temporaryFiles += files.filter((path) => path.endsWith(".tmp")).length;
    met.mp4WithChunk += mp4s.filter((path) => has(path, "chunk")).length;
    met.mp4WithoutPictures += mp4s.filter((path) => !has(path, "preview.jpg") || !has(path, "thumbnail.jpg")).length;
  }

  /** What happens after the machine restarts: a converter processes what it finds, until no chunk is left. */
  async #recover(): Promise<void> {
    const redis = await startRedis();
    const clock = await SteppedClock.create(this.#folder); // the recording's minutes must be over
    await clock.setOffset(AGE_S);
    const fleet = await Fleet.prepare({
      folder: this.#folder,
      redisUrl: redis.url,
      environment: clock.environment,
      config: {
        cameras: Object.fromEntries(CAMERAS.map((id) => [id, { url: "rtsp://127.0.0.1:1/", enabled: false }])),
        converter: { sweepInterval: "2s", chunkIdle: "10s", attempts: 2, retryDelay: "200ms" },
      },
    });
    const known = this.#directories();
    await mkdir(join(fleet.storageRoot, ".cameras"), { recursive: true });
    for (const [i, entry] of known.entries()) {
      const name = `${entry.camera}.${i.toString(16).padStart(12, "0")}.json`;
      await writeFile(join(fleet.storageRoot, ".cameras", name), JSON.stringify(entry));
    }
    await writeFile(join(this.#folder, "converter.mjs"), MAIN);
    try {
      fleet.startReplica("converter", "converter", { main: join(this.#folder, "converter.mjs") });
      await until("every chunk to be converted", 60_000 + 2000 * known.length, async () => {
        const chunks = await Promise.all(known.map(({ directory }) => footage(directory, ".chunk")));
        return chunks.every(({ length }) => length === 0);
      });
    } catch (error) {
      throw new Error(`${(error as Error).message}\n${fleet.log.slice(-4000)}`, { cause: error });
    } finally {
      await fleet.stop();
      await redis.stop();
    }
    // Files that nobody has worked on for ten minutes are removed; here these minutes are simulated.
    let nowMs = 0;
    const sweep = new Sweep(new StoreFiles(), new IdleWatch(() => nowMs), new LaterFootage(() => {}));
    for (; nowMs <= 120_000; nowMs += 60_000) await sweep.run(known);
  }

  #directories(): { camera: string; directory: string }[] {
    return this.#points.flatMap(({ folder }) =>
      CAMERAS.map((camera) => ({ camera, directory: join(this.#folder, folder, camera) })),
    );
  }

  async #judge({ folder, timeUs, forgetting }: Point): Promise<void> {
    const report = this.#report;
    const what = `${folder}, ${forgetting}, ${timeUs}`;
    for (const camera of CAMERAS) {
      const directory = join(this.#folder, folder, camera);
      const files = await footage(directory, "");
      report.leftovers.push(...(await leftoversIn(files)).map((path) => `${what}: ${path}`));
      const quarantined = (await namesIn(join(directory, "quarantine"))).map((name) => `${what}: ${name}`);
      if (!forgetting.includes("zeros")) report.quarantined.push(...quarantined);
      const units = this.#recording.units.get(camera) as WrittenUnit[];
      const mp4s = files.filter((path) => path.endsWith(".mp4"));
      const found = await framesOf(mp4s, report.torn, forgetting.includes("zeros"));
      const foreign = this.#count(units, found, timeUs, `${what}, ${camera}`);
      const mayBeForeign = forgetting.includes("zeros") ? this.#openChunks(camera, timeUs) : 0;
      report.foreign += Math.max(0, foreign - mayBeForeign);
    }
  }

  /** Counts found and lost access units; returns how many are foreign. */
  #count(units: readonly WrittenUnit[], found: readonly string[], timeUs: number, what: string): number {
    const report = this.#report;
    const order = new Map(units.map(({ sha256 }, index) => [sha256, index]));
    const seen = new Set<string>();
    let foreign = 0;
    let last = -1;
    for (const sha256 of found) {
      const index = order.get(sha256) ?? -1;
      if (seen.has(sha256)) report.doubled++;
      else if (index <= last) foreign++;
      seen.add(sha256);
      last = Math.max(last, index);
    }
    const due = units.filter(({ durableUs }) => durableUs <= timeUs);
    report.due += due.length;
    report.found += seen.size;
    const lost = due.filter(({ sha256 }) => !seen.has(sha256)).length;
    if (lost > 0) report.lost.push(`${what}: ${lost} of ${due.length}`);
    return foreign;
  }

  /** Number of chunks that were not yet durable completely. */
  #openChunks(camera: string, timeUs: number): number {
    return this.#recording.disk.files.filter(
      ({ paths: [path = ""], data, syncs }) =>
        path.includes(`/${camera}/`) &&
        path.endsWith(".chunk") &&
        data.some((one) => one.startUs <= timeUs && !syncs.some((s) => s.startUs >= one.endUs && s.endUs <= timeUs)),
    ).length;
  }
}
