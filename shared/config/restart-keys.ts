import type { Config } from "./config.ts";

/** Parts of the configuration that a running service cannot change, by key. */
const FIXED: Record<string, (config: Config) => unknown> = {
  "storage.root": ({ storage }) => storage.root,
  "redis.url": ({ redis }) => redis.url,
  "api.host": ({ api }) => api.host,
  "api.port": ({ api }) => api.port,
  "health.host": ({ health }) => health.host,
  "health.recorderPort": ({ health }) => health.recorderPort,
  "health.converterPort": ({ health }) => health.converterPort,
  "health.reaperPort": ({ health }) => health.reaperPort,
};

/** The changed keys that take effect only after a restart. */
export function restartKeys(next: Config, previous: Config): string[] {
  return Object.entries(FIXED).flatMap(([key, read]) => (read(next) === read(previous) ? [] : key));
}
