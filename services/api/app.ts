import express, { type Express, type RequestHandler } from "express";
import type { Catalog } from "../../shared/catalog/catalog.ts";
import type { LiveConfig } from "../../shared/config/config.ts";
import type { StoreFiles } from "../../shared/disk/store-files.ts";
import type { Logger } from "../../shared/logging/logger.ts";
import type { EventHub } from "./events/event-hub.ts";
import type { HealthWatch } from "./health/health-watch.ts";
import type { SystemMonitor } from "./health/system-monitor.ts";
import { compress } from "./http/compress.ts";
import { allowOrigins } from "./http/cors.ts";
import type { SystemName } from "./http/envelope.ts";
import { errorHandler, notFound } from "./http/errors.ts";
import type { OriginGuard } from "./http/origin-guard.ts";
import { refuseCrossSiteReads, securityHeaders } from "./http/security-headers.ts";
import { boundRequests } from "./limits/bound-requests.ts";
import type { ClientOf } from "./limits/client-of.ts";
import { requestPlaces } from "./limits/limits.ts";
import type { Ranges } from "./range/ranges.ts";
import { camerasRoutes } from "./routes/cameras.ts";
import { conditionsRoutes } from "./routes/conditions.ts";
import { docsRoutes } from "./routes/docs.ts";
import { eventRoutes } from "./routes/events.ts";
import { footageRoutes } from "./routes/footage.ts";
import { liveRoutes } from "./routes/live.ts";
import { minutesRoutes } from "./routes/minutes.ts";
import { pageRoutes } from "./routes/page.ts";
import { rangeRoutes } from "./routes/range.ts";
import { rangeArchiveRoutes } from "./routes/range-archive.ts";
import { snapshotRoutes } from "./routes/snapshot.ts";
import { systemRoutes } from "./routes/system.ts";

/** The parts of the api. */
export interface AppParts {
  config: LiveConfig;
  files: StoreFiles;
  logger: Logger;
  system: SystemName;
  catalog: Catalog;
  ranges: Ranges;
  client: ClientOf;
  origins: OriginGuard;
  monitor: SystemMonitor;
  health: Pick<HealthWatch, "conditions" | "history">;
  events: EventHub;
  /** The folder of the built page. */
  pageFolder: string;
  /** Bull Board; mounted at /admin/queues. */
  board: RequestHandler;
  /** `/health` and `/metrics`. */
  healthRouter?: RequestHandler;
}

/** The api's express application; it holds no state of its own. */
export function createApp(parts: AppParts): Express {
  const app = express();
  app.disable("x-powered-by");
  app.enable("case sensitive routing");
  app.set("query parser", "simple");
  app.use(securityHeaders, allowOrigins(parts.config), parts.origins.refuseChanges);
  app.use(refuseCrossSiteReads(parts.config), boundRequests(requestPlaces(), parts.client));
  // First, and before the compression: a page that scrubs requests hundreds of pictures a second.
  app.use(footageRoutes(parts));
  app.use(compress());
  if (parts.healthRouter !== undefined) app.use(parts.healthRouter);
  app.use(docsRoutes(parts));
  app.use(systemRoutes(parts));
  app.use(conditionsRoutes(parts));
  app.use(camerasRoutes(parts));
  app.use(minutesRoutes(parts));
  app.use(eventRoutes(parts.events, parts.client));
  app.use(liveRoutes(parts));
  app.use(snapshotRoutes(parts));
  app.use(rangeRoutes(parts), rangeArchiveRoutes(parts));
  app.use("/admin/queues", parts.board);
  app.use(pageRoutes(parts.pageFolder));
  app.use(notFound, errorHandler(parts.logger));
  return app;
}
