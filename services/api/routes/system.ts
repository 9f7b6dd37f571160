import { Router } from "express";
import type { SystemMonitor } from "../health/system-monitor.ts";
import { type SystemName, sendEnvelope } from "../http/envelope.ts";
import { allowOnly } from "../http/errors.ts";

/** `GET /api/1/system.json`: whether everything records, and if not, what is wrong. Answers within two seconds. */
export function systemRoutes(parts: { monitor: SystemMonitor; system: SystemName }): Router {
  const router = Router();
  router
    .route("/api/1/system.json")
    .get(async (_req, res) => sendEnvelope(res, parts.system, await parts.monitor.status()))
    .all(allowOnly("GET", "HEAD"));
  return router;
}
