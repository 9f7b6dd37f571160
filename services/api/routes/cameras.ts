import { type RequestHandler, Router } from "express";
import type { Catalog } from "../../../shared/catalog/catalog.ts";
import type { LiveConfig } from "../../../shared/config/config.ts";
import type { Logger } from "../../../shared/logging/logger.ts";
import { dayOfCameras } from "../footage/day-of-cameras.ts";
import { cameraState } from "../health/camera-state.ts";
import type { SystemMonitor } from "../health/system-monitor.ts";
import { type SystemName, sendEnvelope } from "../http/envelope.ts";
import { allowOnly } from "../http/errors.ts";
import { sendFreshJson } from "../http/json.ts";
import { cameraIds, parseDay } from "../http/query.ts";
import { askedCameras, forEachCamera } from "./asked-cameras.ts";

export interface CamerasParts {
  config: LiveConfig;
  catalog: Catalog;
  system: SystemName;
  logger: Logger;
  monitor: SystemMonitor;
}

/** `GET /api/1/cameras.json`, `GET /api/1/cameras` and `GET /api/1/cameras/{YYYYMMDD}?camera_ids=a,b`. */
export function camerasRoutes(parts: CamerasParts): Router {
  const router = Router({ caseSensitive: true });
  router.route("/api/1/cameras.json").get(listEnabled(parts)).all(allowOnly("GET", "HEAD"));
  router.route("/api/1/cameras").get(listStates(parts)).all(allowOnly("GET", "HEAD"));
  router.route("/api/1/cameras/:day").get(listMinutes(parts)).all(allowOnly("GET", "HEAD"));
  return router;
}

function listEnabled({ config, system }: CamerasParts): RequestHandler {
  return (_req, res) => {
    const enabled = [...config.current.cameras.values()].filter((camera) => camera.enabled);
    sendEnvelope(res, system, { cameras: enabled.map((camera) => camera.id) });
  };
}

/** Every camera that is or was configured: the state of its recording, and its first and last day of footage. */
function listStates({ config, catalog, monitor, logger }: CamerasParts): RequestHandler {
  return async (_req, res) => {
    const cameras = await askedCameras(catalog, undefined);
    const [status, { found, unreadable }] = await Promise.all([
      monitor.status(),
      forEachCamera(cameras, logger, (camera) => catalog.daysWithFootage(camera)),
    ]);
    const states = cameras.map((camera) => {
      const days = found.get(camera) ?? [];
      const configured = config.current.cameras.get(camera);
      return {
        camera,
        configured: configured !== undefined,
        enabled: configured?.enabled ?? false,
        ...cameraState(status, camera),
        firstDay: days[0] ?? null,
        lastDay: days.at(-1) ?? null,
      };
    });
    sendFreshJson(res, { cameras: states, ...(unreadable.length > 0 && { unreadable }) });
  };
}

/** The converted minutes of a day, each with the cameras that have it; for all cameras unless `camera_ids` is given. */
function listMinutes({ catalog, system, logger }: CamerasParts): RequestHandler<{ day: string }> {
  return async (req, res) => {
    const day = parseDay(req.params.day);
    const cameras = await askedCameras(catalog, cameraIds(req as never));
    const { found, unreadable } = await forEachCamera(cameras, logger, (camera) => catalog.day(camera, day));
    const { first, last, dates } = dayOfCameras(day, found);
    const rest = JSON.stringify({ min: first ?? null, max: last ?? null, camera_ids: cameras }).slice(0, -1);
    const trouble = unreadable.length > 0 ? `,"unreadable":${JSON.stringify(unreadable)}` : "";
    sendEnvelope(res, system, `${rest},"dates":${dates}${trouble}}`);
  };
}
