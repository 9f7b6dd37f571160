import { execFile } from "node:child_process";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Fleet, type FleetService, until } from "../support/fleet.ts";
import { footage, readTimedFrames } from "../support/mp4-evidence.ts";
import { Random } from "../support/random.ts";
import { startRedis, type TestRedis } from "../support/redis.ts";
import { type RunningSimulator, type SentAccessUnit, startSimulator } from "../support/simulator.ts";
import { SteppedClock } from "../support/stepped-clock.ts";
import { account, leftovers } from "./support/account.ts";
import { Canary } from "./support/canary.ts";
import { endsInMidBlock } from "./support/chunk-tail.ts";

const run = promisify(execFile);
const AIMED_KILL = fileURLToPath(new URL("support/aimed-kill.mjs", import.meta.url));

export interface KillRunOptions {
  kills: number;
  seed: number;
  log(line: string): void;
}

/** What happened in a run, and what was found afterwards. Numbers are of access units, unless stated otherwise. */
export interface KillReport {
  kills: Record<FleetService | "redis", number>;
  tornTails: number;
  sent: number;
  /** Sent early enough before the recorder ended that they must exist. */
  due: number;
  found: number;
  lost: number;
  /** For each end of the recorder: what was sent less than this before it may be missing, ms. */
  allowedMs: number[];
  /** For each lost one: how long before the recorder's end it was sent, ms. */
  lostAgesMs: number[];
  doubled: number;
  /** Recorded without ever having been sent, or out of order. */
  foreign: number;
  /** Temporary, lock and chunk files left when everything is converted, and minutes without their JPEGs. */
  leftovers: string[];
}

const CAMERAS = ["one", "two"];
/** So much data that the kernel needs some time for a write: an aimed kill hits during that time. */
const CLIP = { width: 1280, height: 720, fps: 25, bitrateKbit: 12_000, gopFrames: 25, seconds: 20 };
/** What may be in flight when the recorder is asked to stop: one frame, and packets of another. */
const ON_ITS_WAY_US = 80_000;
const VICTIMS = ["recorder", "recorder", "recorder", "converter", "converter", "reaper", "api", "redis"] as const;

/**
 * Kills the processes of a recording fleet with SIGKILL at random moments, Redis too (which comes back empty), restarts
 * each at once, and then checks the store. Half of the recorder's kills are aimed at the middle of a write.
 */
export async function runKills(options: KillRunOptions): Promise<KillReport> {
  const folder = await mkdtemp(join(tmpdir(), "hindsight-kills-"));
  const redis = await startRedis();
  const simulator = await startSimulator({ cameras: CAMERAS.map((id) => ({ id, clip: CLIP })) });
  const canary = await Canary.start(folder);
  const clock = await SteppedClock.create(folder);
  const fleet = await Fleet.prepare({
    folder,
    redisUrl: redis.url,
    config: {
      cameras: Object.fromEntries(CAMERAS.map((id) => [id, { url: simulator.url(id), retryMin: "200ms" }])),
      converter: { sweepInterval: "2s", chunkIdle: "10s" },
      reaper: { minFreePercent: 0.1 },
    },
    environment: clock.environment,
  });
  const state = new KillRun(options, { fleet, redis, canary, clock });
  try {
    await state.killAround();
    return await state.account(simulator);
  } finally {
    await fleet.stop();
    canary.stop();
    await simulator.remove();
    await state.redis.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

interface RecorderEnd {
  atUs: number;
  /** What was sent less than this before the end may not have been written. */
  allowedUs: number;
}

interface Parts {
  fleet: Fleet;
  redis: TestRedis;
  canary: Canary;
  clock: SteppedClock;
}

class KillRun {
  redis: TestRedis;
  readonly #options: KillRunOptions;
  readonly #fleet: Fleet;
  readonly #random: Random;
  readonly #kills = { recorder: 0, converter: 0, reaper: 0, api: 0, redis: 0 };
  readonly #canary: Canary;
  readonly #clock: SteppedClock;
  /** The recorder's ends, in order of time. */
  readonly #ends: RecorderEnd[] = [];
  #tornTails = 0;

  constructor(options: KillRunOptions, { fleet, redis, canary, clock }: Parts) {
    this.#canary = canary;
    this.#clock = clock;
    this.#options = options;
    this.#fleet = fleet;
    this.redis = redis;
    this.#random = new Random(options.seed);
  }

  async killAround(): Promise<void> {
    this.#fleet.start("recorder", "converter", "reaper", "api");
    await until("the first frames", 30_000, async () => (await this.#chunks()).length >= CAMERAS.length);
    for (let kill = 1; kill <= this.#options.kills; kill++) {
      await sleep(this.#random.between(300, 2500));
      const victim = this.#random.pick(VICTIMS);
      this.#kills[victim]++;
      if (victim === "redis") await this.#killRedis();
      else if (victim === "recorder") await this.#killRecorder();
      else {
        await this.#fleet.end(victim, "SIGKILL");
        this.#fleet.start(victim);
      }
      if (kill % 20 === 0) this.#options.log(`${kill} kills, ${this.#tornTails} torn tails`);
    }
    await sleep(2000);
    const atUs = Date.now() * 1000;
    await this.#fleet.end("recorder"); // a clean stop: everything received is due
    const stoodStillUs = await this.#canary.stoodStillUs(atUs - ON_ITS_WAY_US, atUs);
    this.#ends.push({ atUs, allowedUs: ON_ITS_WAY_US + stoodStillUs });
    await this.#clock.setOffset(2 * 60); // the last minute is over
    await until("everything to be converted", 180_000, async () => (await this.#chunks()).length === 0);
    await this.#fleet.stop();
  }

  async account(simulator: RunningSimulator): Promise<KillReport> {
    const report = {
      sent: 0,
      due: 0,
      found: 0,
      lost: 0,
      lostAgesMs: [] as number[],
      doubled: 0,
      foreign: 0,
      leftovers: leftovers((await Promise.all(CAMERAS.map((camera) => footage(this.#folder(camera), "")))).flat()),
    };
    for (const camera of CAMERAS) {
      const ends = await this.#endsOfSessions(camera, simulator);
      const ageUs = ({ session, sentAtUs }: SentAccessUnit) => (ends.get(session)?.atUs ?? 0) - sentAtUs;
      const isDue = (unit: SentAccessUnit) => ageUs(unit) > (ends.get(unit.session)?.allowedUs ?? 0);
      const recorded = await readTimedFrames(await footage(this.#folder(camera), ".mp4"));
      const { sent, due, found, lost, doubled, foreign } = account(await simulator.readLog(camera), recorded, isDue);
      report.sent += sent;
      report.due += due;
      report.found += found;
      report.lost += lost.length;
      report.lostAgesMs.push(...lost.map((unit) => Math.round(ageUs(unit) / 1000)));
      report.doubled += doubled;
      report.foreign += foreign;
    }
    const allowedMs = this.#ends.map(({ allowedUs }) => Math.round(allowedUs / 1000));
    return { kills: this.#kills, tornTails: this.#tornTails, allowedMs, ...report };
  }

  /** For each RTSP session the end of its recorder; what was sent later went to a dead process. */
  async #endsOfSessions(camera: string, simulator: RunningSimulator): Promise<Map<string, RecorderEnd>> {
    const ends = new Map<string, RecorderEnd>();
    for (const { event, session, atUs } of await simulator.readEvents(camera)) {
      const end = this.#ends.find((end) => end.atUs >= atUs);
      if (event === "session-start" && session !== undefined && end !== undefined) ends.set(session, end);
    }
    return ends;
  }

  async #killRecorder(): Promise<void> {
    const growing = await newest(await this.#chunks());
    const aimedUs = this.#random.next() < 0.5 && growing !== undefined && (await this.#killInMidWrite(growing));
    const atUs = aimedUs || Date.now() * 1000;
    await this.#fleet.end("recorder", "SIGKILL");
    this.#ends.push({ atUs, allowedUs: await this.#canary.allowedUs(atUs) });
    for (const path of await this.#chunks()) {
      if (await endsInMidBlock(path).catch(() => false)) this.#tornTails += this.#torn.has(path) ? 0 : 1;
      this.#torn.add(path);
    }
    this.#fleet.start("recorder");
  }

  /** Returns the time of the kill, µs since the Unix epoch. */
  async #killInMidWrite(chunk: string): Promise<number> {
    const pid = String(this.#fleet.pid("recorder"));
    const { stdout } = await run(process.execPath, [AIMED_KILL, pid, chunk, "2000"]);
    return Number(stdout);
  }

  /** Chunks that were checked: each can be torn only once. */
  readonly #torn = new Set<string>();

  async #killRedis(): Promise<void> {
    const { port } = this.redis;
    await this.redis.kill();
    await sleep(this.#random.between(0, 2000));
    this.redis = await startRedis({ port });
  }

  #folder(camera: string): string {
    return join(this.#fleet.storageRoot, camera);
  }

  async #chunks(): Promise<string[]> {
    return (await Promise.all(CAMERAS.map((camera) => footage(this.#folder(camera), ".chunk")))).flat();
  }
}

/** The most recently modified file. */
async function newest(paths: string[]): Promise<string | undefined> {
  const times = await Promise.all(
    paths.map(async (path) => ({ path, ms: (await stat(path).catch(() => undefined))?.mtimeMs ?? 0 })),
  );
  return times.sort((a, b) => b.ms - a.ms)[0]?.path;
}
