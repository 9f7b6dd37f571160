import type { Redis } from "ioredis";
import type { Registry } from "prom-client";
import type { LiveConfig } from "../config/config.ts";
import type { StoreFiles } from "../disk/store-files.ts";
import type { Logger } from "../logging/logger.ts";
import type { DiskForecast } from "../status/storage-status.ts";

/** What a service is given when it starts; nothing else is reached from the side. */
export interface ServiceContext {
  /** Unique among all running processes: `{host name}:{pid}:{random}`. */
  instance: string;
  config: LiveConfig;
  /** All that is done in the store passes them: they share out the threads of this process among the disks. */
  files: StoreFiles;
  logger: Logger;
  /** Connected or trying to be; calls wait while Redis is away, so nothing on a frame's path awaits them. */
  redis: Redis;
  metrics: Registry;
}

/** A running service. */
export interface Service {
  /** Finishes what is under way and lets go of everything. */
  stop(): Promise<void>;
  /** What is wrong with this service now, in words for the operator; empty while all is well. */
  problems(): string[];
  /** What it foresees of the disks; the reaper does. */
  forecasts?(): DiskForecast[];
}
