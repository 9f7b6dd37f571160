import { type Request, type RequestHandler, Router } from "express";
import type { Logger } from "../../../shared/logging/logger.ts";
import { minuteStartUs } from "../../../shared/time/minute.ts";
import type { Catalog } from "../catalog/catalog.ts";
import { listMinutes } from "../footage/minute-list.ts";
import { allowOnly } from "../http/errors.ts";
import { Problem, unknownCamera } from "../http/problem.ts";
import { cameraIds, parseDay, parseInstant, single } from "../http/query.ts";
import { askedCameras, forEachCamera } from "./asked-cameras.ts";

export interface MinutesParts {
  catalog: Catalog;
  logger: Logger;
}

const MS_PER_DAY = 86_400_000;
const LONGEST_DAYS = 31;

/** `GET /api/1/camera/{id}/minutes?day=…` or `?from=…&to=…`, and `GET /api/1/days?camera_ids=a,b`. */
export function minutesRoutes(parts: MinutesParts): Router {
  const router = Router();
  router.route("/api/1/camera/:id/minutes").get(sendMinutes(parts)).all(allowOnly("GET", "HEAD"));
  router.route("/api/1/days").get(sendDays(parts)).all(allowOnly("GET", "HEAD"));
  return router;
}

function sendMinutes({ catalog, logger }: MinutesParts): RequestHandler<{ id: string }> {
  return async (req, res) => {
    const camera = req.params.id;
    if ((await catalog.directories(camera)) === undefined) throw unknownCamera(camera);
    const { fromMs, toMs } = askedTime(req as never);
    const { found } = await forEachCamera([camera], logger, () =>
      listMinutes(catalog, camera, fromMs, toMs, Date.now()),
    );
    res.set("Cache-Control", "no-cache").json({
      camera,
      from: new Date(fromMs).toISOString(),
      to: new Date(toMs).toISOString(),
      minutes: found.get(camera),
    });
  };
}

function sendDays({ catalog, logger }: MinutesParts): RequestHandler {
  return async (req, res) => {
    const cameras = await askedCameras(catalog, cameraIds(req));
    const { found, unreadable } = await forEachCamera(cameras, logger, (camera) => catalog.daysWithFootage(camera));
    res.set("Cache-Control", "no-cache").json({
      cameras: Object.fromEntries(found),
      ...(unreadable.length > 0 && { unreadable }),
    });
  };
}

/** The half-open stretch of time that is asked for, ms since the Unix epoch. */
function askedTime(req: Request): { fromMs: number; toMs: number } {
  const [day, from, to] = [single(req, "day"), single(req, "from"), single(req, "to")];
  if (day !== undefined && from === undefined && to === undefined) {
    const fromMs = (minuteStartUs(`${parseDay(day)}.0000`) as number) / 1000;
    return { fromMs, toMs: fromMs + MS_PER_DAY };
  }
  if (day !== undefined || from === undefined || to === undefined) {
    throw new Problem("bad-request", 400, 'Give either "day" (YYYYMMDD) or both "from" and "to" (ISO 8601 with zone).');
  }
  const [fromMs, toMs] = [parseInstant(from, "from"), parseInstant(to, "to")];
  if (toMs <= fromMs) throw new Problem("invalid-time", 400, '"to" must be later than "from".');
  if (toMs - fromMs > LONGEST_DAYS * MS_PER_DAY) {
    throw new Problem(
      "invalid-time",
      400,
      `At most ${LONGEST_DAYS} days are listed at once; "days" tells where footage is.`,
    );
  }
  return { fromMs, toMs };
}
