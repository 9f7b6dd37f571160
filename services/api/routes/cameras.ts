import { type RequestHandler, Router } from "express";
import type { LiveConfig } from "../../../shared/config/config.ts";
import type { Logger } from "../../../shared/logging/logger.ts";
import type { Minute } from "../../../shared/time/minute.ts";
import type { Catalog } from "../catalog/catalog.ts";
import { Has } from "../catalog/day-index.ts";
import { type SystemName, sendEnvelope } from "../http/envelope.ts";
import { allowOnly } from "../http/errors.ts";
import { cameraIds, parseDay } from "../http/query.ts";
import { askedCameras, forEachCamera } from "./asked-cameras.ts";

export interface CamerasParts {
  config: LiveConfig;
  catalog: Catalog;
  system: SystemName;
  logger: Logger;
}

/** `GET /api/1/cameras.json` and `GET /api/1/cameras/{YYYYMMDD}?camera_ids=a,b`. */
export function camerasRoutes(parts: CamerasParts): Router {
  const router = Router();
  router.route("/api/1/cameras.json").get(listEnabled(parts)).all(allowOnly("GET", "HEAD"));
  router.route("/api/1/cameras/:day").get(listMinutes(parts)).all(allowOnly("GET", "HEAD"));
  return router;
}

function listEnabled({ config, system }: CamerasParts): RequestHandler {
  return (_req, res) => {
    const enabled = [...config.current.cameras.values()].filter((camera) => camera.enabled);
    sendEnvelope(res, system, { cameras: enabled.map((camera) => camera.id) });
  };
}

/** The converted minutes of a day, each with the cameras that have it; without `camera_ids` those of all cameras. */
function listMinutes({ catalog, system, logger }: CamerasParts): RequestHandler<{ day: string }> {
  return async (req, res) => {
    const day = parseDay(req.params.day);
    const cameras = await askedCameras(catalog, cameraIds(req as never));
    const { found, unreadable } = await forEachCamera(cameras, logger, (camera) => catalog.day(camera, day));
    const dates = new Map<Minute, string[]>();
    for (const [camera, indexes] of found) {
      for (const index of indexes) {
        for (const { minute } of index.minutes(Has.mp4)) {
          const holders = dates.get(minute);
          if (holders === undefined) dates.set(minute, [camera]);
          else if (holders.at(-1) !== camera) holders.push(camera); // once also when two directories hold it
        }
      }
    }
    const minutes = [...dates.keys()].sort();
    sendEnvelope(res, system, {
      min: minutes[0] ?? null,
      max: minutes.at(-1) ?? null,
      camera_ids: cameras,
      dates: Object.fromEntries(minutes.map((minute) => [minute, dates.get(minute)])),
      ...(unreadable.length > 0 && { unreadable }),
    });
  };
}
