import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "./redis.ts";

const PROJECT = fileURLToPath(new URL("../../", import.meta.url));

export type FleetService = "recorder" | "converter" | "reaper" | "api";

/** What a fleet of a test is started with; `config` is what a user would write into config/nvr.json. */
export interface FleetOptions {
  /** A folder of the test's own: configuration, storage and logs go there. */
  folder: string;
  redisUrl: string;
  config: Record<string, unknown>;
  /** For all services, beside what this process has. */
  environment?: Record<string, string>;
}

/** How a replica differs from others. */
export interface ReplicaOptions {
  hostName?: string;
  /** A JavaScript file that is run in the place of the service's own main file. */
  main?: string;
  /** Beside the fleet's, or in its place. */
  environment?: Record<string, string>;
}

/** The real services, each a process of its own, on a storage and a Redis of the test's own. */
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

  /** Replaces the configuration file, as an editor does: written aside and renamed. */
  async configure(config: Record<string, unknown>): Promise<void> {
    await writeFile(`${this.#configPath}.new`, JSON.stringify(config, undefined, 2));
    await rename(`${this.#configPath}.new`, this.#configPath);
  }

  start(...services: FleetService[]): void {
    for (const service of services) this.startReplica(service, service);
  }

  /**
   * Starts a service under a name of its own, for there may be several; `pid` and `end` take that name. With a host name it
   * sees that one, as if it ran on another machine.
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

/** On a machine that has other things to do everything takes longer by so much: no test fails for that alone. */
const BUSY_MACHINE = 4;

/**
 * Waits until `probe` returns something else than undefined or false, which takes up to `usualLimitMs` on a machine that has
 * nothing else to do. Throws, with `what`, when it does not come.
 */
export function until<T>(what: string, usualLimitMs: number, probe: () => Promise<T | undefined | false>): Promise<T> {
  return within(what, usualLimitMs * BUSY_MACHINE, probe);
}

/** The same for what was promised within so long, on whatever machine. */
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
