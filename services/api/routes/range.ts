import { type Request, type RequestHandler, type Response, Router } from "express";
import type { Logger } from "../../../shared/logging/logger.ts";
import type { Catalog } from "../catalog/catalog.ts";
import { allowOnly } from "../http/errors.ts";
import { unknownCamera } from "../http/problem.ts";
import { flag } from "../http/query.ts";
import { sendEntity } from "../http/send-file.ts";
import { OpenFileBudget } from "../range/held-file.ts";
import { layOutRange } from "../range/range-file.ts";
import { formatInstant, parseNamedRange, parseRangeQuery, type RangeRequest } from "../range/range-request.ts";
import { Slots } from "../range/slots.ts";

export interface RangeRouteParts {
  catalog: Catalog;
  logger: Logger;
}

/** A day has 1,440 minutes. Linux lets a process have 1,024 files open at least, which Node.js raises as far as it may. */
const OPEN_FILES = 2500;
/** Ranges whose index is being made or sent: that of a day takes 10 MB. */
const INDEXES_AT_ONCE = 16;

/**
 * `GET /api/1/camera/{id}/range.mp4?start=…&end=…`: what was taken between two instants as one mp4, to the frame; and
 * `GET /api/1/camera/{id}.range.{YYYYMMDD}.{HHMM}.to.{YYYYMMDD}.{HHMM}.mp4`: the minutes of those names. Both answer 307
 * with the end pinned where it lies past what is written.
 */
export function rangeRoutes({ catalog, logger }: RangeRouteParts): Router {
  const sendRange = rangeSender(
    { catalog, logger, budget: new OpenFileBudget(OPEN_FILES) },
    new Slots(INDEXES_AT_ONCE),
  );
  const router = Router();
  const byTime: RequestHandler<{ id: string }> = async (req, res) => {
    await sendRange(req as never, res, parseRangeQuery(req.params.id, req as never));
  };
  router.route("/api/1/camera/:id/range.mp4").get(byTime).all(allowOnly("GET", "HEAD"));
  const route = router.route("/api/1/camera/:file");
  // Without this express answers OPTIONS for the whole address by itself.
  route.options((_req, _res, next) => next());
  route.get(async (req, res, next) => {
    const range = parseNamedRange(req.params.file, req as never);
    if (range === undefined) next();
    else await sendRange(req as never, res, range);
  });
  return router;
}

function rangeSender(parts: Parameters<typeof layOutRange>[0], slots: Slots) {
  return async (req: Request, res: Response, range: RangeRequest): Promise<void> => {
    if ((await parts.catalog.directories(range.camera)) === undefined) throw unknownCamera(range.camera);
    const giveBack = await slots.take();
    try {
      if (res.destroyed) return;
      const laidOut = await layOutRange(parts, range);
      if ("pinnedUs" in laidOut) {
        redirect(req, res, laidOut.pinnedUs);
        return;
      }
      const { file, fileName } = laidOut;
      try {
        const options = { type: "video/mp4", fileName, download: flag(req, "download") };
        await sendEntity(req, res, file.entity, options, (start, end) => file.send(res, start, end, giveBack));
      } finally {
        await file.close();
      }
    } finally {
      giveBack();
    }
  };
}

/** 307 to the same address with another end; relative, so that it holds behind any proxy (RFC 9110 §10.2.2). */
function redirect(req: Request, res: Response, endUs: number): void {
  const query = new URLSearchParams(req.query as Record<string, string>);
  query.set("end", formatInstant(endUs));
  res.set({ Location: `?${query.toString().replaceAll("%3A", ":")}`, "Cache-Control": "no-store" });
  res.status(307).end();
}
