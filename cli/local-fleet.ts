import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Config, LiveConfig } from "../shared/config/config.ts";
import type { StoreFiles } from "../shared/disk/store-files.ts";
import { makeDirectory } from "../shared/store/durable.ts";
import { UP_LOCK_FILE } from "../shared/store/names.ts";
import { Demonstration } from "./demonstration.ts";
import { FileLock, LockedError } from "./file-lock.ts";
import { PrivateRedis } from "./private-redis.ts";
import { SupervisedProcess } from "./supervised-process.ts";

/** The options of `nvr up`. */
export interface LocalFleetOptions {
  config: LiveConfig;
  files: StoreFiles;
  /** The Redis that the user configured; without it, the fleet runs its own. */
  redisUrl: string | undefined;
  print(line: string): void;
}

/**
 * In the order in which they are stopped: the recorder first, so that the others can still process what it recorded.
 */
const SERVICES = ["recorder", "converter", "reaper", "api"] as const;
const STOP_LIMIT_MS = 30_000;
const PAGE_LIMIT_MS = 60_000;
const REDIS_FOLDER = "data/redis";
/** Threads for file operations: a disk that hangs blocks up to three (docs/architecture.md). Node's default is four. */
const FILE_THREADS = 16;

/** The whole fleet on this machine: Redis, the four services, and the demonstration while no camera is configured. */
export class LocalFleet {
  readonly #options: LocalFleetOptions;
  readonly #redis: PrivateRedis | undefined;
  readonly #services = new Map<string, SupervisedProcess>();
  #storeLock: FileLock | undefined;
  #demonstration: Demonstration | undefined;
  #isStopping = false;
  /** Makes starts, changes and stops run one after the other. */
  #last: Promise<void> = Promise.resolve();

  constructor(options: LocalFleetOptions) {
    this.#options = options;
    if (options.redisUrl === undefined) this.#redis = new PrivateRedis(options.files, REDIS_FOLDER, options.print);
  }

  /**
   * Starts everything and prints where the page is. Throws when Redis or the demonstration cannot be started, or when
   * another `nvr up` records into the same storage.
   */
  start(): Promise<void> {
    return this.#next(async () => {
      await this.#lockStore();
      await this.#redis?.start();
      await this.#startServices();
      await this.#announce();
    });
  }

  /**
   * The configuration file has changed: the services handle that themselves; only the demonstration is handled here.
   */
  reconfigure(): Promise<void> {
    return this.#next(async () => {
      if (this.#isStopping || hasCameras(this.#options.config.current) === (this.#demonstration === undefined)) return;
      this.#say(
        this.#demonstration === undefined
          ? "no camera is configured any more"
          : "cameras are configured: the demonstration ends",
      );
      await this.#stopServices();
      await this.#startServices();
    });
  }

  /** Stops the recorder first and Redis last. */
  stop(): Promise<void> {
    this.#isStopping = true;
    this.#say("stopping");
    return this.#next(async () => {
      await this.#stopServices();
      await this.#redis?.stop();
      await this.#storeLock?.release();
      this.#say("stopped");
    });
  }

  #next(action: () => Promise<void>): Promise<void> {
    const result = this.#last.then(action);
    this.#last = result.catch(() => {});
    return result;
  }

  /**
   * Two fleets would record every camera twice, and delete each other's footage. An absent disk does not prevent the
   * start.
   */
  async #lockStore(): Promise<void> {
    const { config, files } = this.#options;
    const { root } = config.current.storage;
    try {
      await makeDirectory(files, root);
      this.#storeLock = await FileLock.take(join(root, UP_LOCK_FILE));
    } catch (error) {
      if (error instanceof LockedError) {
        const who = error.holder === "" ? "" : ` (${error.holder})`;
        throw new Error(`another ./nvr up${who} records into ${root}: stop it first`, { cause: error });
      }
      this.#say(
        `see to it that no other ./nvr up records into ${root}, for it cannot be locked: ${(error as Error).message}`,
      );
    }
  }

  async #startServices(): Promise<void> {
    if (this.#isStopping) return;
    const { config, redisUrl, print } = this.#options;
    const env: NodeJS.ProcessEnv = { REDIS_URL: redisUrl ?? this.#redis?.url, UV_THREADPOOL_SIZE: `${FILE_THREADS}` };
    if (!hasCameras(config.current)) {
      this.#demonstration = new Demonstration(print);
      env.NVR_CAMERAS = JSON.stringify(await this.#demonstration.start());
      this.#say(
        "no camera is configured: recording two simulated cameras as a DEMONSTRATION (config/nvr.example.json shows how to configure yours)",
      );
    }
    for (const name of SERVICES) {
      const main = fileURLToPath(new URL(`../services/${name}/main.js`, import.meta.url));
      const service = new SupervisedProcess({ name, command: process.execPath, args: [main], env }, print);
      this.#services.set(name, service);
      service.start();
    }
  }

  async #stopServices(): Promise<void> {
    for (const name of ["recorder", "converter"]) await this.#services.get(name)?.stop(STOP_LIMIT_MS);
    await Promise.all(["reaper", "api"].map((name) => this.#services.get(name)?.stop(STOP_LIMIT_MS)));
    this.#services.clear();
    await this.#demonstration?.stop();
    this.#demonstration = undefined;
  }

  async #announce(): Promise<void> {
    const { host, port } = this.#options.config.current.api;
    const reachable = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host;
    const url = `http://${reachable.includes(":") ? `[${reachable}]` : reachable}:${port}/`;
    const limit = Date.now() + PAGE_LIMIT_MS;
    while (!this.#isStopping && Date.now() < limit) {
      // Not the page itself: another program at this port might have one, too.
      const system = `${url}api/1/system.json`;
      const answer = await fetch(system, { signal: AbortSignal.timeout(2000) }).catch(() => undefined);
      if (answer?.ok === true) {
        this.#say(`the page is at ${url}`);
        return;
      }
      await new Promise((wake) => setTimeout(wake, 250));
    }
    if (!this.#isStopping) this.#say(`the api does not answer at ${url}: see its lines above`);
  }

  #say(text: string): void {
    this.#options.print(`nvr       | ${text}`);
  }
}

function hasCameras(config: Config): boolean {
  return config.cameras.size > 0;
}
