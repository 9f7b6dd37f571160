import type { Config } from "./config.ts";

/** What a running service cannot take over, by its key. */
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

/** Which keys have changed that come into force at a restart only. */
export function restartKeys(next: Config, previous: Config): string[] {
  return Object.entries(FIXED).flatMap(([key, read]) => (read(next) === read(previous) ? [] : key));
}
