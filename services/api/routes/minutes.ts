import { type Request, type RequestHandler, Router } from "express";
import type { Catalog } from "../../../shared/catalog/catalog.ts";
import type { StoreFiles } from "../../../shared/disk/store-files.ts";
import type { Logger } from "../../../shared/logging/logger.ts";
import { type Minute, minuteStartUs } from "../../../shared/time/minute.ts";
import { formatInstant } from "../footage/instant.ts";
import { MinuteFactsReader } from "../footage/minute-facts.ts";
import { listMinutes, type MinuteList } from "../footage/minute-list.ts";
import { recordingSpans } from "../footage/recording-spans.ts";
import type { Span } from "../footage/spans.ts";
import { allowOnly } from "../http/errors.ts";
import { sendJson } from "../http/json.ts";
import { Problem, unknownCamera } from "../http/problem.ts";
import { cameraIds, flag, parseDay, single } from "../http/query.ts";
import { askedCameras, forEachCamera } from "./asked-cameras.ts";
import { askedLimit, askedTime, nextPage } from "./asked-time.ts";

export interface MinutesParts {
  files: StoreFiles;
  catalog: Catalog;
  logger: Logger;
}

/**
 * `GET /api/1/camera/{id}/minutes` and `…/spans`, each with `?day=…` or `?from=…&to=…`, and `GET /api/1/days`; in
 * pages with `limit=…`.
 */
export function minutesRoutes(parts: MinutesParts): Router {
  const facts = new MinuteFactsReader(parts.files, parts.logger);
  const router = Router({ caseSensitive: true });
  router.route("/api/1/camera/:id/minutes").get(sendMinutes(parts, facts)).all(allowOnly("GET", "HEAD"));
  router.route("/api/1/camera/:id/spans").get(sendSpans(parts, facts)).all(allowOnly("GET", "HEAD"));
  router.route("/api/1/days").get(sendDays(parts)).all(allowOnly("GET", "HEAD"));
  return router;
}

function sendMinutes(
  { files, catalog, logger }: MinutesParts,
  reader: MinuteFactsReader,
): RequestHandler<{ id: string }> {
  return async (req, res) => {
    const camera = req.params.id;
    if ((await catalog.directories(camera)) === undefined) throw unknownCamera(camera);
    const { fromMs, toMs } = askedTime(req as never);
    const limit = askedLimit(req as never);
    const wanted = {
      ...(limit !== undefined && { limit }),
      ...(flag(req as never, "details") && { facts: reader }),
    };
    const { found } = await forEachCamera([camera], logger, () =>
      listMinutes(files, catalog, { camera, fromMs, toMs, nowMs: Date.now(), ...wanted }),
    );
    const { minutes, next } = found.get(camera) as MinuteList;
    const to = new Date(toMs).toISOString();
    sendJson(res, {
      camera,
      from: new Date(fromMs).toISOString(),
      to,
      minutes,
      ...(next !== undefined && { next: nextPage(req as never, startOf(next), to) }),
    });
  };
}

function sendSpans({ catalog, logger }: MinutesParts, facts: MinuteFactsReader): RequestHandler<{ id: string }> {
  return async (req, res) => {
    const camera = req.params.id;
    if ((await catalog.directories(camera)) === undefined) throw unknownCamera(camera);
    const { fromMs, toMs } = askedTime(req as never);
    const limit = askedLimit(req as never);
    const { found } = await forEachCamera([camera], logger, () =>
      recordingSpans(catalog, facts, camera, { startUs: fromMs * 1000, endUs: toMs * 1000 }),
    );
    const spans = (found.get(camera) as Span[]).map(({ startUs, endUs }) => ({
      start: formatInstant(startUs),
      end: formatInstant(endUs),
    }));
    const next = limit === undefined ? undefined : spans[limit]?.start;
    const to = new Date(toMs).toISOString();
    sendJson(res, {
      camera,
      from: new Date(fromMs).toISOString(),
      to,
      spans: spans.slice(0, limit),
      ...(next !== undefined && { next: nextPage(req as never, next, to) }),
    });
  };
}

function sendDays({ catalog, logger }: MinutesParts): RequestHandler {
  return async (req, res) => {
    const cameras = await askedCameras(catalog, cameraIds(req));
    const [from, to] = [askedDay(req, "from"), askedDay(req, "to")];
    if (from !== undefined && to !== undefined && to < from) {
      throw new Problem("invalid-time", 400, '"to" must not be before "from".');
    }
    const limit = askedLimit(req);
    const { found, unreadable } = await forEachCamera(cameras, logger, async (camera) =>
      (await catalog.daysWithFootage(camera)).filter((day) => day >= (from ?? day) && day <= (to ?? day)),
    );
    const next = limit === undefined ? undefined : [...new Set([...found.values()].flat())].sort()[limit];
    const page = Array.from(found, ([camera, days]) => [camera, days.filter((day) => day < (next ?? "99999999"))]);
    sendJson(res, {
      cameras: Object.fromEntries(page),
      ...(unreadable.length > 0 && { unreadable }),
      ...(next !== undefined && { next: nextPage(req, next, to) }),
    });
  };
}

function askedDay(req: Request, name: string): string | undefined {
  const text = single(req, name);
  return text === undefined ? undefined : parseDay(text);
}

function startOf(minute: Minute): string {
  return new Date((minuteStartUs(minute) as number) / 1000).toISOString();
}
