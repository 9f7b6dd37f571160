import type { Redis } from "ioredis";
import { within } from "../redis/within.ts";
import { CAMERA_ID_PATTERN } from "../store/names.ts";
import { CAMERA_STATES, type CameraStatus } from "./camera-status.ts";
import type { DiskForecast } from "./storage-status.ts";

export type ServiceName = "recorder" | "converter" | "reaper" | "api";

/** What a service process publishes about itself while it runs. */
export interface ServiceStatus {
  service: ServiceName;
  /** Unique among all running processes. */
  instance: string;
  /** ISO 8601 UTC. */
  startedAt: string;
  /** In words for the operator; empty while all is well. */
  problems: string[];
  /** One line that says why the current configuration file is not in force; absent while it is. */
  refusedConfiguration?: string;
  /** Mount points of disks whose folders cannot be synced; absent while there are none. */
  foldersNotSynced?: string[];
  /** From the reaper only: how long the disks will last. */
  forecasts?: DiskForecast[];
}

/** A status that was not renewed for this long has expired. */
const EXPIRY_MS = 15_000;
const PATIENCE_MS = 2000;
/** A name that was not published for this long is dropped from its list. */
const FORGET_MS = 3_600_000;
const PREFIX = "hindsight:status";

/** One key holds all cameras of a recorder: publishing 32 cameras is one command, not 32. */
type Kind = "recorder" | "service";

/** The live status of cameras and services, in Redis. All of it expires; none of it is needed to find footage. */
export class StatusStore {
  readonly #redis: Redis;
  readonly #underWay = new Set<string>();

  constructor(redis: Redis) {
    this.#redis = redis;
  }

  /**
   * Publishes the status of all cameras of a recorder, for 15 s. Never rejects and need not be awaited: it is dropped
   * while Redis is away, or has not answered the one before, so that none pile up.
   */
  publishCameras(recorder: string, statuses: CameraStatus[]): Promise<void> {
    return this.#publish("recorder", recorder, statuses);
  }

  /** Publishes the status of a service, for 15 s. As `publishCameras`. */
  publishService(status: ServiceStatus): Promise<void> {
    return this.#publish("service", `${status.service}@${status.instance}`, status);
  }

  /** Removes the status of a service that stops. As `publishCameras`. */
  async retractService(status: Pick<ServiceStatus, "service" | "instance">): Promise<void> {
    if (this.#redis.status !== "ready") return;
    await this.#redis.del(keyOf("service", `${status.service}@${status.instance}`)).catch(() => {});
  }

  /** The newest status of each camera, by id. Rejects with TimeoutError or Redis's error when it does not answer. */
  async readCameras(): Promise<CameraStatus[]> {
    const newest = new Map<string, CameraStatus>();
    const told = await within(this.#read("recorder"), PATIENCE_MS, "reading the cameras' status from Redis");
    for (const status of told.flat()) {
      if (isCameraStatus(status) && !newest.has(status.camera)) newest.set(status.camera, status);
    }
    return [...newest.values()].sort((a, b) => (a.camera < b.camera ? -1 : 1));
  }

  /** Every service process that has published a status lately. Rejects as `readCameras` does. */
  async readServices(): Promise<ServiceStatus[]> {
    const statuses = await within(this.#read("service"), PATIENCE_MS, "reading the services' status from Redis");
    return statuses.filter(isServiceStatus).sort((a, b) => (a.service + a.instance < b.service + b.instance ? -1 : 1));
  }

  async #publish(kind: Kind, name: string, status: object): Promise<void> {
    const key = keyOf(kind, name);
    if (this.#redis.status !== "ready" || this.#underWay.has(key)) return;
    this.#underWay.add(key);
    try {
      await this.#redis
        .multi()
        .set(key, JSON.stringify(status), "PX", EXPIRY_MS)
        .zadd(listOf(kind), String(Date.now()), name)
        .zremrangebyscore(listOf(kind), "-inf", String(Date.now() - FORGET_MS))
        .exec();
    } catch {
      // connectRedis has logged that Redis is away; the next status follows within seconds.
    } finally {
      this.#underWay.delete(key);
    }
  }

  /**
   * The statuses that have not expired, newest first: ordered by their time to live, since only Redis's own clock is
   * common to all hosts.
   */
  async #read(kind: Kind): Promise<unknown[]> {
    const names = await this.#redis.zrange(listOf(kind), "0", "-1");
    if (names.length === 0) return [];
    const pipeline = this.#redis.pipeline();
    for (const name of names) pipeline.get(keyOf(kind, name)).pttl(keyOf(kind, name));
    const answers = (await pipeline.exec()) ?? [];
    const found: { status: unknown; leftMs: number }[] = [];
    for (let i = 0; i + 1 < answers.length; i += 2) {
      const text = answers[i]?.[1];
      const status = typeof text === "string" ? parse(text) : undefined;
      if (status !== undefined) found.push({ status, leftMs: Number(answers[i + 1]?.[1]) });
    }
    return found.sort((a, b) => b.leftMs - a.leftMs).map(({ status }) => status);
  }
}

function listOf(kind: Kind): string {
  return `${PREFIX}:${kind}s`;
}

function keyOf(kind: Kind, name: string): string {
  return `${PREFIX}:${kind}:${name}`;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const STATES: ReadonlySet<unknown> = new Set(CAMERA_STATES);

function isCameraStatus(value: unknown): value is CameraStatus {
  const status = value as Partial<CameraStatus> | null;
  const isCamera = typeof status?.camera === "string" && CAMERA_ID_PATTERN.test(status.camera);
  return isCamera && typeof status.recorder === "string" && STATES.has(status.state);
}

function isServiceStatus(value: unknown): value is ServiceStatus {
  const status = value as Partial<ServiceStatus> | null;
  return typeof status?.service === "string" && typeof status.instance === "string" && Array.isArray(status.problems);
}
