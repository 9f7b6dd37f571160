import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Queue } from "bullmq";
import { Redis } from "ioredis";
import { CONVERSION_QUEUE, ConversionQueue } from "../../shared/queue/conversion-queue.ts";
import { chunkPath } from "../../shared/store/names.ts";
import { minuteAt, minuteStartUs } from "../../shared/time/minute.ts";
import { atPace, makeClip, origin, writeChunk } from "../support/chunk-maker.ts";
import { Fleet, type FleetService, until } from "../support/fleet.ts";
import { footage, readTimedFrames } from "../support/mp4-evidence.ts";
import { startRedis, type TestRedis } from "../support/redis.ts";
import { type RunningSimulator, startSimulator } from "../support/simulator.ts";
import { SteppedClock } from "../support/stepped-clock.ts";
import { type Account, account, leftovers } from "./support/account.ts";
import { Canary } from "./support/canary.ts";
import { type RedisFault, redisFaults } from "./support/redis-faults.ts";

export interface RedisRunOptions {
  /** Minimum duration of each fault, ms. */
  lastsMs: number;
  log(line: string): void;
}

/** The observations of one fault. */
export interface FaultReport {
  name: string;
  /** What system.json reported about Redis; undefined when it reported nothing. */
  told: { message: string; todo: string } | undefined;
  /** Other conditions in system.json at the end of the fault; there should be none. */
  toldBesides: string[];
  /** The services' warnings in the log that name the fault. */
  warnings: string[];
  /** Commands per second that Redis received. */
  commandsPerSecond: number;
}

export interface RedisReport {
  faults: FaultReport[];
  /** By camera; `sessions` is the number of sessions in which it was recorded. */
  cameras: Record<string, Account & { sessions: number }>;
  /** Jobs that still exist and are not done when everything is converted. */
  stuckJobs: number;
  leftovers: string[];
}

const CAMERAS = ["one", "two"];
/** A camera that is not recorded: the test puts finished chunks of the past there. */
const STOCK = "stock";
const SERVICES: readonly FleetService[] = ["recorder", "converter", "api"];
const CLIP = { width: 320, height: 180, fps: 25, bitrateKbit: 300, gopFrames: 25, seconds: 20 };
const FIRST_MINUTE_US = minuteStartUs("20251124.1400") as number;
/**
 * Minutes of the stock camera without footage: their jobs take almost no time, but keep the converter busy when a fault
 * begins.
 */
const EMPTY_MINUTES = Array.from({ length: 200 }, (_, i) => minuteAt(FIRST_MINUTE_US - (i + 1) * 60_000_000));
/** What came this shortly before the recorder is asked to stop may not have been read yet. */
const UNREAD_US = 250_000;

/**
 * One fleet goes through all faults of Redis, one after the other. When a fault begins, the converter has a backlog;
 * while it lasts, further chunks are written. In the last one Redis is killed, and so are the recorder, which comes
 * back before Redis does, and the converter as soon as it has a backlog.
 */
export async function runRedisFaults(options: RedisRunOptions): Promise<RedisReport> {
  const folder = await mkdtemp(join(tmpdir(), "hindsight-redis-faults-"));
  const canary = await Canary.start(folder);
  const redis = await startRedis();
  const simulator = await startSimulator({ cameras: CAMERAS.map((id) => ({ id, clip: CLIP })) });
  const clock = await SteppedClock.create(folder);
  const cameras = Object.fromEntries(CAMERAS.map((id) => [id, { url: simulator.url(id) }]));
  const fleet = await Fleet.prepare({
    folder,
    redisUrl: redis.url,
    config: {
      cameras: { ...cameras, [STOCK]: { url: "rtsp://127.0.0.1:1/", enabled: false } },
      converter: { sweepInterval: "2s", chunkIdle: "10s", retryDelay: "1s" },
      health: { patience: "5s" },
    },
    environment: clock.environment,
  });
  const run = new RedisRun(options, { fleet, simulator, canary, clock, redis });
  try {
    return await run.run();
  } finally {
    await fleet.stop();
    canary.stop();
    await simulator.remove();
    await run.redis.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

interface Parts {
  fleet: Fleet;
  simulator: RunningSimulator;
  canary: Canary;
  clock: SteppedClock;
  redis: TestRedis;
}

class RedisRun {
  redis: TestRedis;
  readonly #options: RedisRunOptions;
  readonly #fleet: Fleet;
  readonly #simulator: RunningSimulator;
  readonly #canary: Canary;
  readonly #clock: SteppedClock;
  #planted = 0;
  #killed = { atUs: 0, allowedUs: 0 };
  #stopped = { atUs: 0, allowedUs: 0 };

  constructor(options: RedisRunOptions, { fleet, simulator, canary, clock, redis }: Parts) {
    this.#options = options;
    this.#fleet = fleet;
    this.#simulator = simulator;
    this.#canary = canary;
    this.#clock = clock;
    this.redis = redis;
  }

  async run(): Promise<RedisReport> {
    this.#fleet.start(...SERVICES);
    await until("all cameras to be recorded", 30_000, async () => (await this.#chunks()).length >= CAMERAS.length);
    await until("all to be well", 30_000, async () => (await this.#problems()).length === 0);
    const faults: FaultReport[] = [];
    for (const fault of redisFaults()) {
      this.#options.log(`Redis ${fault.name}`);
      faults.push(await this.#suffer(fault));
    }
    await this.#stop();
    const cameras: RedisReport["cameras"] = {};
    for (const camera of CAMERAS) cameras[camera] = await this.#account(camera);
    const files = await Promise.all([...CAMERAS, STOCK].map((camera) => footage(this.#folder(camera), "")));
    return { faults, cameras, stuckJobs: await this.#unfinishedJobs(), leftovers: leftovers(files.flat()) };
  }

  async #suffer(fault: RedisFault): Promise<FaultReport> {
    const waiting = await Promise.all([this.#plant(), this.#plant(), this.#plant()]);
    const logBefore = this.#fleet.log.length;
    const admin = new Redis(this.redis.url, { maxRetriesPerRequest: null });
    admin.on("error", () => {});
    try {
      await this.#push([...EMPTY_MINUTES, ...waiting]);
      this.redis = await fault.begin(admin, this.redis);
      const report = await this.#watch(fault, admin, () => this.#fleet.log.slice(logBefore).split("\n"));
      if (fault.isLast) await this.#killRecorder();
      this.redis = await fault.end(admin, this.redis);
      if (fault.isLast) await this.#killConverter();
      await until("what waited to be converted", 90_000, async () => (await this.#chunks(STOCK)).length === 0);
      await until("all to be well again", 60_000, async () => (await this.#problems()).length === 0);
      return report;
    } finally {
      admin.disconnect();
    }
  }

  /** Observes the fleet while the fault lasts. */
  async #watch(fault: RedisFault, admin: Redis, log: () => string[]): Promise<FaultReport> {
    const beganMs = performance.now();
    const isCounted = fault.refuses && !fault.isSilent;
    const commands = isCounted ? await commandsOf(admin) : 0;
    const warnings = () => log().filter((line) => fault.warning?.test(line));
    let told: FaultReport["told"];
    if (fault.refuses) {
      told = await until(`Redis ${fault.name} to be told`, 30_000, () => this.#toldOfRedis());
      await until("each service to warn", 30_000, async () => warnings().length >= SERVICES.length);
      await this.#plant();
    } else {
      await until("conversion although it is slow", 60_000, async () => (await this.#chunks(STOCK)).length === 0);
    }
    await sleep(Math.max(0, this.#options.lastsMs - (performance.now() - beganMs)));
    const seconds = (performance.now() - beganMs) / 1000;
    return {
      name: fault.name,
      told,
      toldBesides: (await this.#problems()).filter(({ what }) => what !== "redis").map(({ message }) => message),
      warnings: warnings(),
      commandsPerSecond: isCounted ? ((await commandsOf(admin)) - commands) / seconds : 0,
    };
  }

  /** The recorder comes back while Redis is away, and records. */
  async #killRecorder(): Promise<void> {
    const atUs = Date.now() * 1000;
    const before = (await this.#sessions()).length;
    await this.#fleet.end("recorder", "SIGKILL");
    this.#killed = { atUs, allowedUs: await this.#canary.allowedUs(atUs) };
    this.#fleet.start("recorder");
    await until("a recorder without Redis to record", 30_000, async () => {
      return (await this.#sessions()).length >= before + CAMERAS.length;
    });
    await sleep(2000);
  }

  async #killConverter(): Promise<void> {
    await sleep(1000 * Math.random());
    await this.#fleet.end("converter", "SIGKILL");
    this.#fleet.start("converter");
  }

  async #stop(): Promise<void> {
    const atUs = Date.now() * 1000;
    await this.#fleet.end("recorder");
    this.#stopped = { atUs, allowedUs: UNREAD_US + (await this.#canary.stoodStillUs(atUs - UNREAD_US, atUs)) };
    await this.#clock.setOffset(2 * 60); // the last minute is over
    await until("everything to be converted", 120_000, async () => (await this.#chunks()).length === 0);
    await until("all jobs to be done", 60_000, async () => (await this.#unfinishedJobs()) === 0).catch(() => {});
  }

  /** Writes a finished chunk of a past minute; returns the minute. */
  async #plant(): Promise<string> {
    const startUs = FIRST_MINUTE_US + this.#planted++ * 60_000_000;
    const units = atPace(await makeClip({ frames: 30, gop: 10 }), startUs);
    const minute = minuteAt(startUs);
    const path = chunkPath(this.#folder(STOCK), STOCK, minute, 1);
    await writeChunk(path, { units, origin: origin(), endUs: (units.at(-1)?.timeUs ?? 0) + 40_000 });
    return minute;
  }

  async #push(minutes: string[]): Promise<void> {
    const redis = new Redis(this.redis.url, { maxRetriesPerRequest: null });
    await redis.ping();
    const queue = new ConversionQueue(redis, { attempts: 3, retryDelayMs: 1000 });
    const directory = this.#folder(STOCK);
    await queue.pushAll(minutes.map((minute) => ({ camera: STOCK, minute, directory })));
    await queue.close();
    redis.disconnect();
  }

  async #unfinishedJobs(): Promise<number> {
    const redis = new Redis(this.redis.url, { maxRetriesPerRequest: null });
    const queue = new Queue(CONVERSION_QUEUE, { connection: redis });
    const counts = await queue.getJobCounts("wait", "active", "delayed", "failed");
    await queue.close();
    redis.disconnect();
    return Object.values(counts).reduce((sum, count) => sum + count, 0);
  }

  async #problems(): Promise<{ what: string; message: string; todo: string }[]> {
    const answer = await fetch(`${this.#fleet.apiUrl}/api/1/system.json`).catch(() => undefined);
    if (answer?.ok !== true) return [{ what: "api", message: "does not answer", todo: "" }];
    const { payload } = (await answer.json()) as {
      payload: { problems: { what: string; message: string; todo: string }[] };
    };
    return payload.problems;
  }

  async #toldOfRedis(): Promise<{ message: string; todo: string } | undefined> {
    const told = (await this.#problems()).find(({ what }) => what === "redis");
    return told && { message: told.message, todo: told.todo };
  }

  async #sessions(camera?: string): Promise<{ session: string; atUs: number }[]> {
    const events = await this.#simulator.readEvents(camera);
    return events.flatMap(({ event, session, atUs }) =>
      event === "session-start" && session ? [{ session, atUs }] : [],
    );
  }

  async #account(camera: string): Promise<Account & { sessions: number }> {
    const sessions = await this.#sessions(camera);
    const before = new Set(sessions.filter(({ atUs }) => atUs < this.#killed.atUs).map(({ session }) => session));
    const recorded = await readTimedFrames(await footage(this.#folder(camera), ".mp4"));
    const result = account(await this.#simulator.readLog(camera), recorded, ({ session, sentAtUs }) => {
      const { atUs, allowedUs } = before.has(session) ? this.#killed : this.#stopped;
      return sentAtUs < atUs - allowedUs;
    });
    return { ...result, sessions: sessions.length };
  }

  #folder(camera: string): string {
    return join(this.#fleet.storageRoot, camera);
  }

  async #chunks(...cameras: string[]): Promise<string[]> {
    const folders = (cameras.length > 0 ? cameras : [...CAMERAS, STOCK]).map((camera) => this.#folder(camera));
    return (await Promise.all(folders.map((folder) => footage(folder, ".chunk")))).flat();
  }
}

async function commandsOf(redis: Redis): Promise<number> {
  return Number(/total_commands_processed:(\d+)/.exec(await redis.info("stats"))?.[1]);
}
