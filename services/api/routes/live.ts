import { Router } from "express";
import type { LiveConfig } from "../../../shared/config/config.ts";
import type { Logger } from "../../../shared/logging/logger.ts";
import { WarnOnce } from "../../../shared/logging/warn-once.ts";
import { isAllowedOrigin } from "../http/cors.ts";
import { allowOnly } from "../http/errors.ts";
import type { OriginGuard } from "../http/origin-guard.ts";
import { Problem } from "../http/problem.ts";
import { single } from "../http/query.ts";
import { requireRecorded } from "../live/live-views.ts";

const UPGRADE = { Upgrade: "websocket", Connection: "Upgrade" };
const DROPPED =
  "A proxy in front does not pass WebSockets on: have it pass the headers Upgrade and Connection; docs/proxy.md tells how.";

/**
 * `/api/1/camera/{id}/live` for requests without a WebSocket; live/live-views.ts handles those with one. Browsers do
 * not let scripts see why a WebSocket was refused: with `origin` they can ask whether their origin would be.
 */
export function liveRoutes(parts: { config: LiveConfig; origins: OriginGuard; logger: Logger }): Router {
  const { config, origins, logger } = parts;
  const warnings = new WarnOnce(logger);
  const router = Router({ caseSensitive: true });
  router
    .route("/api/1/camera/:camera/live")
    .get((req) => {
      const origin = single(req, "origin");
      if (origin !== undefined && !isAllowedOrigin(config.current, origin)) {
        const refusal = origins.originRefusal(req, origin, "watch");
        if (refusal !== undefined) throw refusal;
      }
      requireRecorded(config.current, req.params.camera);
      // Proxies that use HTTP/1.0, or close each connection, drop Upgrade, a hop-by-hop header, and pass on the others.
      const isDropped = req.headers["sec-websocket-key"] !== undefined;
      if (isDropped) warnings.warn("", `live view cannot be had by a browser. ${DROPPED}`);
      const detail = isDropped ? DROPPED : "Live pictures come over a WebSocket; docs/api.md tells how.";
      throw new Problem("upgrade-required", 426, detail, UPGRADE);
    })
    .all(allowOnly("GET", "HEAD"));
  return router;
}
