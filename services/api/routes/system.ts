import { Router } from "express";
import type { HealthWatch } from "../health/health-watch.ts";
import type { SystemMonitor } from "../health/system-monitor.ts";
import { type SystemName, sendEnvelope } from "../http/envelope.ts";
import { allowOnly } from "../http/errors.ts";

interface SystemParts {
  monitor: SystemMonitor;
  health: Pick<HealthWatch, "conditions">;
  system: SystemName;
}

/** `GET /api/1/system.json`: whether everything is recording, and what is wrong. Answers within two seconds. */
export function systemRoutes({ monitor, health, system }: SystemParts): Router {
  const router = Router({ caseSensitive: true });
  router
    .route("/api/1/system.json")
    .get(async (_req, res) => {
      const { status, camera, ...rest } = await monitor.status();
      sendEnvelope(res, system, { status, camera, health: health.conditions(), ...rest }, "never");
    })
    .all(allowOnly("GET", "HEAD"));
  return router;
}
