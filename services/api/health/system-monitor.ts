import type { Catalog } from "../../../shared/catalog/catalog.ts";
import { Has } from "../../../shared/catalog/day-index.ts";
import type { LiveConfig } from "../../../shared/config/config.ts";
import type { StoreFiles } from "../../../shared/disk/store-files.ts";
import type { Logger } from "../../../shared/logging/logger.ts";
import { REDIS_DOES_NOT_ANSWER, type RedisTrouble } from "../../../shared/redis/redis-probe.ts";
import type { CameraStatus } from "../../../shared/status/camera-status.ts";
import type { ServiceStatus } from "../../../shared/status/status-store.ts";
import { chunkPath } from "../../../shared/store/names.ts";
import { dayAtMs, MINUTE_MS } from "../../../shared/time/minute.ts";
import { bounded, oneAtATime } from "./bounded.ts";
import type { ClockSync } from "./clock-sync.ts";
import { ClockWatch } from "./clock-watch.ts";
import { type DiskReport, NO_ANSWER, readDisks } from "./disks.ts";
import { type CameraFootage, FootageCheck } from "./footage-check.ts";
import type { Backlog, Observation } from "./observation.ts";
import type { RedisFacts } from "./redis-facts.ts";
import { type Judgement, judgeSystem, type SystemStatus } from "./system-status.ts";

/** What is read from Redis. The promises may hang while Redis is away; callers must bound their wait. */
export interface RedisSource {
  /** Why Redis does not accept writes; undefined when it does. If it does not, its other data is out of date. */
  findTrouble(): Promise<RedisTrouble | undefined>;
  readRedisFacts(): Promise<RedisFacts>;
  readCameras(): Promise<readonly CameraStatus[]>;
  readServices(): Promise<readonly ServiceStatus[]>;
  readBacklog(): Promise<Backlog>;
}

export interface SystemMonitorParts {
  config: LiveConfig;
  files: StoreFiles;
  catalog: Catalog;
  live: RedisSource;
  clockSync: Pick<ClockSync, "state">;
  /** Looks for gaps in the newest footage; a `FootageCheck` unless given. */
  footage?: Pick<FootageCheck, "run">;
  /** How long to wait for each answer, and for the answer of each disk, instead of the defaults. */
  patience?: { answerMs: number; diskMs: number };
  logger: Logger;
}

/** How long each answer is waited for, so that /api/1/system.json answers within two seconds whatever is away. */
const PATIENCE_MS = 1200;
/** How long a judgement is reused. */
const FRESH_MS = 500;
/** A chunk that was modified within this time is being recorded. */
const WRITING_MS = 10_000;
/** How long a check of the footage is reused: a camera's day folder takes milliseconds and changes all the time. */
const FOOTAGE_FRESH_MS = 60_000;
/** How long the facts of Redis are reused: its setup hardly ever changes. */
const REDIS_FACTS_FRESH_MS = 60_000;

/** Observes the whole system on demand: callers at the same time share one observation. */
export class SystemMonitor {
  readonly #parts: SystemMonitorParts;
  /** When each problem was first seen, by its content without numbers. */
  #since = new Map<string, string>();
  readonly #findTrouble: RedisSource["findTrouble"];
  readonly #readRedisFacts: RedisSource["readRedisFacts"];
  readonly #readCameras: RedisSource["readCameras"];
  readonly #readServices: RedisSource["readServices"];
  readonly #readBacklog: RedisSource["readBacklog"];
  readonly #readDisks: () => Promise<DiskReport>;
  readonly #countQuarantined: () => Promise<Map<string, number>>;
  readonly #checkFootage: () => Promise<Map<string, CameraFootage>>;
  readonly #clock = new ClockWatch();
  #newest: { promise: Promise<Judgement>; atMs: number; done: boolean } | undefined;

  constructor(parts: SystemMonitorParts) {
    this.#parts = parts;
    const { live } = parts;
    this.#findTrouble = oneAtATime(() => live.findTrouble());
    this.#readRedisFacts = oneAtATime(fresh(() => live.readRedisFacts(), REDIS_FACTS_FRESH_MS));
    this.#readCameras = oneAtATime(() => live.readCameras());
    this.#readServices = oneAtATime(() => live.readServices());
    this.#readBacklog = oneAtATime(() => live.readBacklog());
    this.#readDisks = oneAtATime(() => readDisks(parts.files, this.#directories(), parts.patience?.diskMs));
    this.#countQuarantined = oneAtATime(() => this.#quarantined());
    const footage = parts.footage ?? new FootageCheck(parts.files, parts.catalog, parts.config);
    this.#checkFootage = oneAtATime(fresh(() => footage.run(Date.now()), FOOTAGE_FRESH_MS));
  }

  /** The status, at most half a second old. Takes two seconds at most; never rejects because something is away. */
  async status(): Promise<SystemStatus> {
    return (await this.judgement()).status;
  }

  /** The same, with the findings. */
  judgement(): Promise<Judgement> {
    const newest = this.#newest;
    if (newest !== undefined && (!newest.done || Date.now() - newest.atMs < FRESH_MS)) return newest.promise;
    const look = { promise: this.#look(), atMs: Date.now(), done: false };
    this.#newest = look;
    look.promise.then(
      () => {
        look.done = true;
        look.atMs = Date.now();
      },
      () => {
        this.#newest = undefined;
      },
    );
    return look.promise;
  }

  async #look(): Promise<Judgement> {
    const { cameras, storage, reaper, health } = this.#parts.config.current;
    const enabled = [...cameras.values()].filter((camera) => camera.enabled).map((camera) => camera.id);
    const limitMs = this.#parts.patience?.answerMs ?? PATIENCE_MS;
    const noAnswer: DiskReport = { disks: [], broken: [{ directory: storage.root, code: NO_ANSWER }] };
    const [redisTrouble, redisFacts, reported, services, backlog, quarantined, footage, { disks, broken }] =
      await Promise.all([
        bounded(this.#findTrouble, limitMs, REDIS_DOES_NOT_ANSWER),
        bounded(this.#readRedisFacts, limitMs, undefined),
        bounded(this.#readCameras, limitMs, undefined),
        bounded(this.#readServices, limitMs, undefined),
        bounded(this.#readBacklog, limitMs, undefined),
        bounded(this.#countQuarantined, limitMs, undefined),
        bounded(this.#checkFootage, limitMs, undefined),
        bounded(this.#readDisks, limitMs, noAnswer),
      ]);
    const statuses = redisTrouble === undefined ? reported : undefined;
    const noneWriting = new Set<string>();
    const writing =
      statuses === undefined ? await bounded(() => this.#writing(enabled), limitMs / 2, noneWriting) : noneWriting;
    const clockStep = this.#clock.observe(Date.now(), performance.now());
    const seen: Observation = {
      nowMs: Date.now(),
      enabled,
      statuses: statuses?.map(withoutUrl),
      services: redisTrouble === undefined ? services : undefined,
      backlog,
      redisTrouble,
      redisFacts,
      writing,
      quarantined,
      footage,
      disks,
      broken,
      reaperMinFreePercent: reaper?.minFreePercent,
      clockSync: health.watchClock ? this.#parts.clockSync.state : "unwatched",
      ...(clockStep !== undefined && { clockStep }),
    };
    const judgement = judgeSystem(seen);
    this.#putSince(judgement.status);
    return judgement;
  }

  #directories(): string[] {
    const { storage, cameras } = this.#parts.config.current;
    return [storage.root, ...Array.from(cameras.values(), (camera) => camera.directory)];
  }

  async #quarantined(): Promise<Map<string, number>> {
    const { catalog, logger } = this.#parts;
    const counts = new Map<string, number>();
    for (const camera of (await catalog.cameras()).keys()) {
      try {
        counts.set(camera, (await catalog.quarantined(camera)).length);
      } catch (error) {
        logger.debug("a quarantine folder cannot be read", { camera, error });
      }
    }
    return counts;
  }

  /** The cameras whose newest chunk was modified a moment ago: the sign of recording that does not need Redis. */
  async #writing(enabled: readonly string[]): Promise<Set<string>> {
    const nowMs = Date.now();
    const days = new Set([nowMs, nowMs - 2 * MINUTE_MS].map(dayAtMs));
    const writing = new Set<string>();
    const look = async (camera: string) => {
      for (const day of days) {
        for (const index of await this.#parts.catalog.day(camera, day)) {
          for (const { index: place, minute } of Array.from(index.minutes(Has.chunk)).slice(-2)) {
            const path = chunkPath(index.directory, camera, minute, index.chunkParts(place).at(-1) ?? 1);
            const stats = await this.#parts.files.stat(path).catch(() => undefined);
            if (stats !== undefined && nowMs - stats.mtimeMs < WRITING_MS) writing.add(camera);
          }
        }
      }
    };
    await Promise.all(enabled.map((camera) => look(camera).catch(() => {})));
    return writing;
  }

  /** Sets `since` of problems that have none to the time at which they were first seen here. */
  #putSince(status: SystemStatus): void {
    const now = new Date().toISOString();
    const since = new Map<string, string>();
    for (const problem of [...status.problems, ...status.warnings, ...status.notes]) {
      // Without the numbers: "89 chunks" and "90 chunks" are the same problem, continuing.
      const key = JSON.stringify([
        problem.what,
        problem.camera,
        problem.service,
        problem.disk,
        problem.message,
      ]).replace(/[\d.]+/g, "#");
      const first = this.#since.get(key) ?? now;
      since.set(key, first);
      problem.since ??= first;
    }
    this.#since = since;
  }
}

/** Removes a camera's URL, which may hold a password: no recorder reports it, but if one ever did, it ends here. */
function withoutUrl(status: CameraStatus): CameraStatus {
  const { url: _url, ...rest } = status as CameraStatus & { url?: unknown };
  return rest;
}

/** Wraps `ask` so that it returns the last answer while that is no older than `freshMs`. */
function fresh<Value>(ask: () => Promise<Value>, freshMs: number): () => Promise<Value> {
  let last: { value: Value; atMs: number } | undefined;
  return async () => {
    if (last === undefined || performance.now() - last.atMs > freshMs)
      last = { value: await ask(), atMs: performance.now() };
    return last.value;
  };
}
