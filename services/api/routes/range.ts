import { type Request, type RequestHandler, type Response, Router } from "express";
import type { Catalog } from "../../../shared/catalog/catalog.ts";
import { formatInstant } from "../footage/instant.ts";
import { allowOnly } from "../http/errors.ts";
import { unknownCamera } from "../http/problem.ts";
import { flag } from "../http/query.ts";
import { sendEntity } from "../http/send-file.ts";
import type { ClientOf } from "../limits/client-of.ts";
import { FootageChangedError } from "../range/held-file.ts";
import { parseNamedRange, parseRangeQuery, type RangeRequest } from "../range/range-request.ts";
import type { RangeTurn } from "../range/range-turn.ts";
import { type Ranges, untilClosed } from "../range/ranges.ts";

export interface RangeRouteParts {
  catalog: Catalog;
  ranges: Ranges;
  client: ClientOf;
}

/**
 * `GET /api/1/camera/{id}/range.mp4?start=…&end=…`: the footage between two instants as one mp4, exact to the frame.
 * If the end lies past what is written, it answers 307 with the end pinned.
 */
export function rangeRoutes(parts: RangeRouteParts): Router {
  const sendRange = rangeSender(parts);
  const router = Router({ caseSensitive: true });
  const byTime: RequestHandler<{ id: string }> = async (req, res) => {
    await sendRange(req as never, res, parseRangeQuery(req.params.id, req as never));
  };
  router.route("/api/1/camera/:id/range.mp4").get(byTime).all(allowOnly("GET", "HEAD"));
  return router;
}

/**
 * `GET /api/1/camera/{id}.range.{YYYYMMDD}.{HHMM}.to.{YYYYMMDD}.{HHMM}.mp4`: the minutes of those names; its end is
 * pinned in the same way. Passes other names on.
 */
export function sendNamedRange(parts: RangeRouteParts): RequestHandler<{ file: string }> {
  const sendRange = rangeSender(parts);
  return async (req, res, next) => {
    const range = parseNamedRange(req.params.file, req as never);
    if (range === undefined) next();
    else await sendRange(req as never, res, range);
  };
}

function rangeSender({ catalog, ranges, client: clientOf }: RangeRouteParts) {
  return async (req: Request, res: Response, range: RangeRequest): Promise<void> => {
    if ((await catalog.directories(range.camera)) === undefined) throw unknownCamera(range.camera);
    const client = clientOf(req);
    const giveBack = ranges.downloads.take(client);
    try {
      const turn = await ranges.turn(range, client, untilClosed(res));
      await sendInTurn(req, res, turn).finally(() => turn.end());
    } finally {
      giveBack();
    }
  };
}

/** Headers that describe the file. */
const OF_THE_FILE = ["Accept-Ranges", "Content-Disposition", "Content-Length", "Content-Range", "Content-Type", "ETag"];

/** Sends a range. If its footage turns out to have changed before a byte was sent, lays it out again. */
async function sendInTurn(req: Request, res: Response, turn: RangeTurn): Promise<void> {
  try {
    await sendLaidOut(req, res, turn);
  } catch (error) {
    if (!(error instanceof FootageChangedError)) throw error;
    turn.forget();
    if (res.headersSent || res.destroyed) throw error;
    for (const name of OF_THE_FILE) res.removeHeader(name);
    await sendLaidOut(req, res, turn);
  }
}

async function sendLaidOut(req: Request, res: Response, turn: RangeTurn): Promise<void> {
  const laidOut = await turn.layOut();
  if ("pinnedUs" in laidOut) {
    redirect(req, res, laidOut.pinnedUs);
    return;
  }
  const { file, fileName } = laidOut;
  try {
    const options = { type: "video/mp4", fileName, download: flag(req, "download") };
    await sendEntity(req, res, file.entity, options, (start, end) => file.send(res, start, end, turn));
  } finally {
    turn.end(); // before the files are closed, so that nobody waits for that
    await file.close();
  }
}

/** 307 to the same address with another end; relative, so that it works behind any proxy (RFC 9110 §10.2.2). */
function redirect(req: Request, res: Response, endUs: number): void {
  const query = new URLSearchParams(req.query as Record<string, string>);
  query.set("end", formatInstant(endUs));
  res.set({ Location: `?${query.toString().replaceAll("%3A", ":")}`, "Cache-Control": "no-store" });
  res.status(307).end();
}
