import { Queue } from "bullmq";
import { Catalog } from "../../shared/catalog/catalog.ts";
import { RedisHealthStore } from "../../shared/health/health-store.ts";
import { CONVERSION_QUEUE } from "../../shared/queue/conversion-queue.ts";
import { createHealthHandler } from "../../shared/service/health-server.ts";
import type { Service, ServiceContext } from "../../shared/service/service.ts";
import { StatusStore } from "../../shared/status/status-store.ts";
import { createApp } from "./app.ts";
import { EventHub } from "./events/event-hub.ts";
import { ClockSync } from "./health/clock-sync.ts";
import { registerHealthMetrics } from "./health/health-metrics.ts";
import { HealthWatch } from "./health/health-watch.ts";
import { redisSource } from "./health/redis-source.ts";
import { SystemMonitor } from "./health/system-monitor.ts";
import { admission } from "./http/admission.ts";
import { OriginGuard } from "./http/origin-guard.ts";
import { clientOf } from "./limits/client-of.ts";
import { connectionBounds } from "./limits/limits.ts";
import { listenError } from "./listen-error.ts";
import { LiveSource } from "./live/live-source.ts";
import { LiveViews } from "./live/live-views.ts";
import { pageFolder, systemName } from "./project.ts";
import { Ranges, rehearse } from "./range/ranges.ts";
import { boardRoutes } from "./routes/board.ts";
import { ApiServer } from "./server.ts";

export interface ApiOptions {
  /** The folder of package.json; the built page lies below it. */
  projectRoot: string;
  /** How long downloads under way may take when the api stops; runService allows 25 s for everything. */
  graceMs?: number;
}

/** A running api: a `Service`, and the port at which it listens. */
export interface ApiService extends Service {
  port: number;
}

/** Builds the api and starts to listen. Throws StartError where it cannot listen. */
export async function startApi(context: ServiceContext, options: ApiOptions): Promise<ApiService> {
  const { instance, config, files, logger, redis, metrics } = context;
  const { graceMs = 15_000 } = options;
  const queue = new Queue(CONVERSION_QUEUE, { connection: redis });
  queue.on("error", () => {}); // connectRedis logs that Redis is away
  const catalog = new Catalog(files, config, logger);
  const ranges = new Ranges({ files, catalog, logger });
  const monitor = new SystemMonitor({
    config,
    files,
    catalog,
    live: redisSource(redis, new StatusStore(redis), queue),
    clockSync: new ClockSync(),
    logger,
  });
  const health = new HealthWatch({ config, monitor, store: new RedisHealthStore(redis, instance), instance, logger });
  const events = new EventHub({ catalog, monitor, health, logger });
  const client = clientOf(config);
  const origins = new OriginGuard(config, logger);
  const problems = () => [];
  const app = createApp({
    config,
    files,
    logger,
    system: systemName(options.projectRoot),
    catalog,
    ranges,
    client,
    origins,
    monitor,
    health,
    events,
    pageFolder: pageFolder(options.projectRoot),
    board: boardRoutes(queue, () => redis.status === "ready"),
    healthRouter: createHealthHandler({ problems, metrics }),
  });
  const live = new LiveViews({ config, logger, client, origins, source: new LiveSource(redis) });
  const upgrade = (...asked: Parameters<LiveViews["upgrade"]>) => live.upgrade(...asked);
  const gate = { admit: admission(config, logger), connections: connectionBounds(config) };
  const server = new ApiServer(app, upgrade, gate);
  const { host, port: wanted } = config.current.api;
  const port = await server.listen(host, wanted).catch((error: NodeJS.ErrnoException) => {
    throw listenError(host, wanted, error);
  });
  registerHealthMetrics(metrics, { config, health, monitor });
  const lookAtOnce = () => health.start(); // Redis holds what was known before
  redis.on("ready", lookAtOnce);
  health.start();
  void rehearse(ranges, catalog);
  logger.info(`the page is at http://${host.includes(":") ? `[${host}]` : host}:${port}/`);
  return {
    port,
    problems,
    stop: async () => {
      redis.off("ready", lookAtOnce);
      events.close();
      await live.close();
      await Promise.all([server.stop(graceMs), health.stop()]);
      await queue.close();
    },
  };
}
