import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import type { Redis } from "ioredis";
import { Registry } from "prom-client";
import type { Config } from "../config/config.ts";
import { CONFIG_EXIT_CODE, ConfigError } from "../config/config-error.ts";
import { LiveConfigFile } from "../config/live-config.ts";
import { secretsIn } from "../config/secrets.ts";
import { FOLDERS_NOT_SYNCED, FOLDERS_NOT_SYNCED_ADVICE } from "../disk/folder-sync.ts";
import { StoreFiles } from "../disk/store-files.ts";
import { createLogger } from "../logging/create-logger.ts";
import type { Logger } from "../logging/logger.ts";
import { connectRedis } from "../redis/connect-redis.ts";
import { RedisWatch } from "../redis/redis-watch.ts";
import { within } from "../redis/within.ts";
import { type ServiceName, StatusStore } from "../status/status-store.ts";
import { keepFromOtherUsers } from "../store/umask.ts";
import { registerDefaultMetrics } from "./default-metrics.ts";
import { createHealthHandler, HealthServer } from "./health-server.ts";
import { Heartbeat } from "./heartbeat.ts";
import type { Service, ServiceContext } from "./service.ts";
import { StartError } from "./start-error.ts";

const STOP_LIMIT_MS = 25_000;
const CRASH_STOP_LIMIT_MS = 5000;
const GOODBYE_LIMIT_MS = 1000;

export type StartService = (context: ServiceContext) => Promise<Service>;

/**
 * Runs a service as this process, with configuration, logger, Redis, metrics, health server (the api serves its own)
 * and heartbeat. SIGTERM and SIGINT stop it within 25 s, a second one ends the process at once. After an uncaught error
 * it is also stopped, as far as possible. Exit codes: 0 stopped, 1 failed, 78 invalid configuration.
 */
export async function runService(name: ServiceName, start: StartService): Promise<void> {
  keepFromOtherUsers();
  const files = new StoreFiles();
  let config: LiveConfigFile;
  try {
    config = await LiveConfigFile.open(files);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${name}: ${error.message}\n`);
    process.exitCode = CONFIG_EXIT_CODE;
    return;
  }
  const logger = createLogger({ service: name, config, secrets: secretsIn(config) });
  await new ServiceProcess(name, config, files, logger).run(start);
}

class ServiceProcess {
  readonly #name: ServiceName;
  readonly #config: LiveConfigFile;
  readonly #files: StoreFiles;
  readonly #logger: Logger;
  readonly #redis: Redis;
  readonly #redisWatch: RedisWatch;
  readonly #metrics = new Registry();
  readonly #instance = `${hostname()}:${process.pid}:${randomBytes(4).toString("hex")}`;
  #starting: Promise<Service> | undefined;
  #service: Service | undefined;
  #health: HealthServer | undefined;
  #heartbeat: Heartbeat | undefined;
  #ending = false;

  constructor(name: ServiceName, config: LiveConfigFile, files: StoreFiles, logger: Logger) {
    this.#name = name;
    this.#config = config;
    this.#files = files;
    this.#logger = logger;
    this.#redis = connectRedis(config.current.redis.url, logger);
    this.#redisWatch = new RedisWatch(this.#redis, logger);
  }

  async run(start: StartService): Promise<void> {
    this.#catchSignals();
    const { current } = this.#config;
    const { disks } = this.#files;
    disks.requireMounts(current.storage.mountPoints);
    disks.onFoldersNotSynced = (mountPoint) => {
      this.#logger.warn(`${mountPoint}: ${FOLDERS_NOT_SYNCED}. ${FOLDERS_NOT_SYNCED_ADVICE}`);
    };
    this.#metrics.setDefaultLabels({ service: this.#name });
    registerDefaultMetrics(this.#metrics);
    this.#config.onChange(({ log, storage }) => {
      this.#logger.level = log.level;
      disks.requireMounts(storage.mountPoints);
    });
    this.#config.watch(this.#logger, isSupervised());
    const problems = () => this.#problems().concat(this.#refusedConfiguration ?? []);
    const port = healthPort(this.#name, current);
    if (port !== undefined) {
      const handler = createHealthHandler({ problems, metrics: this.#metrics });
      const place = { host: current.health.host, port, hosts: () => this.#config.current.health.hosts };
      this.#health = await HealthServer.start(handler, place, this.#logger);
    }
    try {
      this.#starting = start({
        instance: this.#instance,
        config: this.#config,
        files: this.#files,
        logger: this.#logger,
        redis: this.#redis,
        metrics: this.#metrics,
      });
      this.#service = await this.#starting;
    } catch (error) {
      await this.#failToStart(error);
      return;
    }
    const status = { service: this.#name, instance: this.#instance, startedAt: new Date().toISOString() };
    const heartbeat = new Heartbeat(new StatusStore(this.#redis), status, () => {
      const forecasts = this.#service?.forecasts?.();
      const refusedConfiguration = this.#refusedConfiguration;
      const notSynced = disks.foldersNotSynced();
      return {
        problems: this.#problems(),
        ...(refusedConfiguration !== undefined && { refusedConfiguration }),
        ...(notSynced.length > 0 && { foldersNotSynced: notSynced }),
        ...(forecasts !== undefined && { forecasts }),
      };
    });
    this.#redis.on("ready", () => heartbeat.beat());
    this.#heartbeat = heartbeat;
    const where = this.#health?.port === undefined ? {} : { healthPort: this.#health.port };
    this.#logger.info("started", { instance: this.#instance, config: this.#config.path, ...where });
  }

  #problems(): string[] {
    return this.#service === undefined ? ["still starting"] : this.#service.problems();
  }

  get #refusedConfiguration(): string | undefined {
    const { problem } = this.#config;
    return problem === undefined ? undefined : `the changed configuration is not in force: ${problem}`;
  }

  #catchSignals(): void {
    let signalled = false;
    const onSignal = (signal: NodeJS.Signals) => {
      if (signalled) {
        this.#logger.warn(`${signal} a second time: ending at once`);
        process.exit(1);
      }
      signalled = true;
      this.#logger.info(`${signal}: stopping`);
      void this.#end(0, STOP_LIMIT_MS);
    };
    process.on("SIGTERM", onSignal);
    process.on("SIGINT", onSignal);
    // The supervisor is gone: nobody would restart us.
    process.on("disconnect", () => onSignal("SIGTERM"));
    let crashed = false;
    const onCrash = (error: unknown) => {
      // Logging the error may fail in the same way, again and again.
      if (crashed) return;
      crashed = true;
      this.#logger.error("an error that nobody caught: stopping. Please report it", { error });
      void this.#end(1, CRASH_STOP_LIMIT_MS);
    };
    process.on("uncaughtException", onCrash);
    process.on("unhandledRejection", onCrash);
    // The service continues when the reader of its log is gone.
    process.stdout.on("error", () => {});
    process.stderr.on("error", () => {});
  }

  async #failToStart(error: unknown): Promise<void> {
    if (this.#ending) return;
    if (error instanceof StartError) this.#logger.error(error.message);
    else this.#logger.error("could not start", { error });
    await this.#end(1, CRASH_STOP_LIMIT_MS);
  }

  async #end(exitCode: number, limitMs: number): Promise<void> {
    if (this.#ending) return;
    this.#ending = true;
    let code = exitCode;
    try {
      await within(this.#stopService(), limitMs, "stopping");
    } catch (error) {
      this.#logger.error("could not be stopped in good order", { error });
      code ||= 1;
    }
    const goodbye = Promise.all([this.#heartbeat?.stop(), this.#health?.stop()]);
    await within(goodbye, GOODBYE_LIMIT_MS, "saying goodbye").catch(() => {});
    this.#config.close();
    this.#redisWatch.stop();
    this.#redis.disconnect();
    this.#logger.info("stopped");
    // Standard output may be a full pipe: what was logged is written first, as long as anybody reads it.
    const flushed = new Promise<void>((resolve) => process.stdout.write("", () => resolve()));
    await within(flushed, GOODBYE_LIMIT_MS, "flushing the log").catch(() => {});
    process.exit(code);
  }

  /** A service that is still starting is stopped once it has started. */
  async #stopService(): Promise<void> {
    const service = await this.#starting?.catch(() => undefined);
    await service?.stop();
  }
}

/** Whether a supervisor (`nvr up`) started this process with an IPC channel: it watches the configuration as well. */
function isSupervised(): boolean {
  return process.connected === true;
}

function healthPort(name: ServiceName, { health }: Config): number | undefined {
  const ports = { recorder: health.recorderPort, converter: health.converterPort, reaper: health.reaperPort };
  return name === "api" ? undefined : ports[name];
}
