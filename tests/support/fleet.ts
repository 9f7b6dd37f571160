import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "./redis.ts";

const PROJECT = fileURLToPath(new URL("../../", import.meta.url));

export type FleetService = "recorder" | "converter" | "reaper" | "api";

/** Options of a test's fleet; `config` is what a user would write into config/nvr.json. */
export interface FleetOptions {
  /** A folder only for this test, for configuration, storage and logs. */
  folder: string;
  redisUrl: string;
  config: Record<string, unknown>;
  /** Environment variables for all services, in addition to those of this process. */
  environment?: Record<string, string>;
}

/** How a replica differs from others. */
export interface ReplicaOptions {
  hostName?: string;
  /** A JavaScript file to run instead of the service's main file. */
  main?: string;
  /** Added to the fleet's environment, or replacing variables in it. */
  environment?: Record<string, string>;
}

/** The real services, each in its own process, with a storage and a Redis only for this test. */
export class Fleet {
  readonly storageRoot: string;
  readonly apiUrl: string;
  /** Everything that the services printed. */
  log = "";
  readonly #options: FleetOptions;
  readonly #configPath: string;
  readonly #children = new Map<string, ChildProcess>();

  private constructor(options: FleetOptions, apiPort: number) {
    this.#options = options;
    this.#configPath = join(options.folder, "config", "nvr.json");
    this.storageRoot = join(options.folder, "recordings");
    this.apiUrl = `http://127.0.0.1:${apiPort}`;
  }

  /** Writes the configuration; starts nothing yet. */
  static async prepare(options: FleetOptions): Promise<Fleet> {
    const apiPort = await freePort();
    const fleet = new Fleet(options, apiPort);
    await mkdir(join(options.folder, "config"), { recursive: true });
    await fleet.configure({
      storage: { root: fleet.storageRoot },
      api: { host: "127.0.0.1", port: apiPort },
      health: { recorderPort: 0, converterPort: 0, reaperPort: 0 },
      ...options.config,
    });
    return fleet;
  }

  /** Replaces the configuration file as an editor does: writes a temporary file and renames it. */
  async configure(config: Record<string, unknown>): Promise<void> {
    await writeFile(`${this.#configPath}.new`, JSON.stringify(config, undefined, 2));
    await rename(`${this.#configPath}.new`, this.#configPath);
  }

  start(...services: FleetService[]): void {
    for (const service of services) this.startReplica(service, service);
  }

  /**
   * Starts a service under a name of its own, because there may be several; `pid` and `end` take that name. With a host
   * name the service sees that name, as if it ran on another machine.
   */
  startReplica(name: string, service: FleetService, options: ReplicaOptions = {}): void {
    const { hostName, main = mainOf(service), environment } = options;
    if (!existsSync(main)) throw new Error(`${main} does not exist: run "npm run build" first`);
    const script = `hostname ${hostName} && exec ${process.execPath} ${main}`;
    const [command, ...args] =
      hostName === undefined ? [process.execPath, main] : ["unshare", "--uts", "sh", "-c", script];
    const child = spawn(command as string, args, {
      cwd: this.#options.folder,
      env: {
        ...process.env,
        ...this.#options.environment,
        ...environment,
        NVR_CONFIG: this.#configPath,
        REDIS_URL: this.#options.redisUrl,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const keep = (data: Buffer) => {
      this.log += data.toString();
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    this.#children.set(name, child);
  }

  pid(name: string): number {
    const pid = this.#children.get(name)?.pid;
    if (pid === undefined) throw new Error(`${name} was not started`);
    return pid;
  }

  /** Ends a service with a signal and waits until it is gone. Returns its exit code, null when the signal ended it. */
  async end(name: string, signal: NodeJS.Signals = "SIGTERM"): Promise<number | null> {
    const child = this.#children.get(name);
    if (child === undefined) return null;
    this.#children.delete(name);
    if (child.exitCode === null && child.signalCode === null) {
      const exited = once(child, "exit");
      child.kill(signal);
      await exited;
    }
    return child.exitCode;
  }

  /** Waits until a service ends by itself. Returns its exit code, null when a signal ended it. */
  async ended(name: string): Promise<number | null> {
    const child = this.#children.get(name);
    if (child === undefined) throw new Error(`${name} was not started`);
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    this.#children.delete(name);
    return child.exitCode;
  }

  async stop(): Promise<void> {
    const names = [...this.#children.keys()];
    const recorders = names.filter((name) => name.startsWith("recorder"));
    for (const name of new Set([...recorders, "converter", "reaper", "api", ...names])) await this.end(name);
  }
}

function mainOf(service: FleetService): string {
  return join(PROJECT, "dist", "services", service, "main.js");
}

/** Factor for the limits of waiting, so that no test fails only because the machine is busy. */
const BUSY_MACHINE = 4;

/**
 * Waits until `probe` returns something other than undefined or false, which takes up to `usualLimitMs` on an idle
 * machine. Throws an error with `what` when it does not.
 */
export function until<T>(what: string, usualLimitMs: number, probe: () => Promise<T | undefined | false>): Promise<T> {
  return within(what, usualLimitMs * BUSY_MACHINE, probe);
}

/** The same for a promised time limit, which holds on any machine. */
export async function within<T>(
  what: string,
  limitMs: number,
  probe: () => Promise<T | undefined | false>,
): Promise<T> {
  const limit = Date.now() + limitMs;
  for (;;) {
    const value = await probe();
    if (value !== undefined && value !== false) return value;
    if (Date.now() > limit) throw new Error(`waited ${limitMs / 1000} s in vain: ${what}`);
    await new Promise((wake) => setTimeout(wake, 250));
  }
}
