import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Fleet, type FleetService, until } from "../support/fleet.ts";
import { footage, readTimedFrames } from "../support/mp4-evidence.ts";
import { startRedis, type TestRedis } from "../support/redis.ts";
import { type RunningSimulator, type SentAccessUnit, startSimulator } from "../support/simulator.ts";
import { endsInMidBlock } from "./support/chunk-tail.ts";
import { Random } from "./support/random.ts";

const run = promisify(execFile);
const AIMED_KILL = fileURLToPath(new URL("support/aimed-kill.mjs", import.meta.url));

export interface KillRunOptions {
  kills: number;
  seed: number;
  log(line: string): void;
}

/** What a run met and what it found afterwards. Access units, unless it says otherwise. */
export interface KillReport {
  kills: Record<FleetService | "redis", number>;
  tornTails: number;
  sent: number;
  /** Sent so long before the recorder was killed that they must be there. */
  due: number;
  found: number;
  lost: number;
  /** Of those that were lost: how long before the recorder's end each was sent, ms. */
  lostAgesMs: number[];
  doubled: number;
  /** Recorded without ever having been sent, or out of order. */
  foreign: number;
  /** Temporary, lock and chunk files that are left when all is done, and minutes without their JPEGs. */
  leftovers: string[];
}

const CAMERAS = ["one", "two"];
/** Enough that a flush takes the kernel a while: that is when an aimed kill strikes. */
const CLIP = { width: 1280, height: 720, fps: 25, bitrateKbit: 6000, gopFrames: 25, seconds: 20 };
/** "Written: at most 1 s after it came in", and half a second for a machine that all tests share. */
const WRITTEN_US = 1_500_000;
const VICTIMS = ["recorder", "recorder", "recorder", "converter", "converter", "reaper", "api", "redis"] as const;

/**
 * Kills the processes of a recording fleet with SIGKILL at random moments, Redis too (which comes back empty), starts each
 * again at once, and then looks at what is in the store. Half of the recorder's kills are aimed at the middle of a write.
 */
export async function runKills(options: KillRunOptions): Promise<KillReport> {
  const folder = await mkdtemp(join(tmpdir(), "hindsight-kills-"));
  const redis = await startRedis();
  const simulator = await startSimulator({ cameras: CAMERAS.map((id) => ({ id, clip: CLIP })) });
  const fleet = await Fleet.prepare({
    folder,
    redisUrl: redis.url,
    config: {
      cameras: Object.fromEntries(CAMERAS.map((id) => [id, { url: simulator.url(id), retryMin: "200ms" }])),
      converter: { sweepInterval: "5s" },
      reaper: { minFreePercent: 0.1 },
    },
  });
  const state = new KillRun(options, fleet, redis);
  try {
    await state.killAround();
    return await state.account(simulator);
  } finally {
    await fleet.stop();
    await simulator.remove();
    await state.redis.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

class KillRun {
  redis: TestRedis;
  readonly #options: KillRunOptions;
  readonly #fleet: Fleet;
  readonly #random: Random;
  readonly #kills = { recorder: 0, converter: 0, reaper: 0, api: 0, redis: 0 };
  /** When the recorder ended, µs since the Unix epoch. */
  readonly #endsUs: number[] = [];
  #tornTails = 0;

  constructor(options: KillRunOptions, fleet: Fleet, redis: TestRedis) {
    this.#options = options;
    this.#fleet = fleet;
    this.redis = redis;
    this.#random = new Random(options.seed);
  }

  async killAround(): Promise<void> {
    this.#fleet.start("recorder", "converter", "reaper", "api");
    await until("the first frames", 30_000, async () => (await this.#chunks()).length >= CAMERAS.length);
    for (let kill = 1; kill <= this.#options.kills; kill++) {
      await sleep(this.#random.between(500, 4000));
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
    await sleep(3000);
    this.#endsUs.push(Date.now() * 1000 + WRITTEN_US); // in good order: all that came is due
    await this.#fleet.end("recorder");
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
      leftovers: await this.#leftovers(),
    };
    for (const camera of CAMERAS) {
      const sent = (await simulator.readLog(camera)).filter(({ dropped }) => !dropped);
      const order = new Map(sent.map(({ sha256 }, index) => [sha256, index]));
      const times = new Map<string, number>();
      let last = -1;
      for (const { sha256 } of await readTimedFrames(await footage(this.#folder(camera), ".mp4"))) {
        const index = order.get(sha256) ?? -1;
        times.set(sha256, (times.get(sha256) ?? 0) + 1);
        if (index === -1 || (index < last && times.get(sha256) === 1)) report.foreign++;
        last = Math.max(last, index);
      }
      const ends = this.#endsOfSessions(sent);
      const ageUs = ({ session, sentAtUs }: SentAccessUnit) => (ends.get(session) as number) - sentAtUs;
      const due = sent.filter((unit) => ageUs(unit) > WRITTEN_US);
      report.sent += sent.length;
      report.due += due.length;
      report.found += times.size;
      const lost = due.filter(({ sha256 }) => !times.has(sha256));
      report.lost += lost.length;
      report.lostAgesMs.push(...lost.map((unit) => Math.round(ageUs(unit) / 1000)));
      report.doubled += [...times.values()].reduce((sum, count) => sum + count - 1, 0);
    }
    return { kills: this.#kills, tornTails: this.#tornTails, ...report };
  }

  /** When the recorder ended that each RTSP session belonged to; what was sent later went to a dead one. */
  #endsOfSessions(sent: SentAccessUnit[]): Map<string, number> {
    const ends = new Map<string, number>();
    for (const { session, sentAtUs } of sent) {
      if (ends.has(session)) continue;
      ends.set(session, this.#endsUs.find((endUs) => endUs >= sentAtUs) ?? Number.NEGATIVE_INFINITY);
    }
    return ends;
  }

  async #killRecorder(): Promise<void> {
    const pid = this.#fleet.pid("recorder");
    const target = this.#random.pick(CAMERAS);
    const growing = (await footage(this.#folder(target), ".chunk")).at(-1);
    if (this.#random.next() < 0.5 && growing !== undefined) {
      await run(process.execPath, [AIMED_KILL, String(pid), growing, "2000"]).catch(() => {});
    }
    this.#endsUs.push(Date.now() * 1000);
    await this.#fleet.end("recorder", "SIGKILL");
    for (const path of await this.#chunks()) {
      if (await endsInMidBlock(path).catch(() => false)) this.#tornTails += this.#torn.has(path) ? 0 : 1;
      this.#torn.add(path);
    }
    this.#fleet.start("recorder");
  }

  /** Chunks that were looked at: each can be torn once. */
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

  async #leftovers(): Promise<string[]> {
    const files = (await Promise.all(CAMERAS.map((camera) => footage(this.#folder(camera), "")))).flat();
    const known = new Set(files);
    const strays = files.filter((path) => !/\.(mp4|preview\.jpg|thumbnail\.jpg)$/.test(path));
    const incomplete = files.filter(
      (path) =>
        path.endsWith(".mp4") &&
        !["preview", "thumbnail"].every((kind) => known.has(path.replace(/mp4$/, `${kind}.jpg`))),
    );
    return [...strays, ...incomplete];
  }
}
