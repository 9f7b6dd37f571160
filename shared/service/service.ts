import type { Redis } from "ioredis";
import type { Registry } from "prom-client";
import type { LiveConfig } from "../config/config.ts";
import type { StoreFiles } from "../disk/store-files.ts";
import type { Logger } from "../logging/logger.ts";
import type { DiskForecast } from "../status/storage-status.ts";

/** What a service is given when it starts; it uses nothing else from outside. */
export interface ServiceContext {
  /** Unique among all running processes: `{host name}:{pid}:{random}`. */
  instance: string;
  config: LiveConfig;
  /** For all file operations in the store: it divides the threads of this process among the disks. */
  files: StoreFiles;
  logger: Logger;
  /** Connected or reconnecting; calls wait while Redis is away, so they are never awaited on a frame's path. */
  redis: Redis;
  metrics: Registry;
}

/** A running service. */
export interface Service {
  /** Finishes what is under way and releases all resources. */
  stop(): Promise<void>;
  /** The current problems of this service, in words for the operator; empty while all is well. */
  problems(): string[];
  /** Forecasts for the disks; only the reaper has them. */
  forecasts?(): DiskForecast[];
}
