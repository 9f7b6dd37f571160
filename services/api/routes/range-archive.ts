import { pipeline } from "node:stream/promises";
import { type Request, type RequestHandler, type Response, Router } from "express";
import type { Catalog } from "../../../shared/catalog/catalog.ts";
import type { Logger } from "../../../shared/logging/logger.ts";
import { allowOnly } from "../http/errors.ts";
import { Problem } from "../http/problem.ts";
import { cameraIds } from "../http/query.ts";
import type { ClientOf } from "../limits/client-of.ts";
import { ClientPlaces, type PlaceLimits } from "../limits/client-places.ts";
import { type ArchivedRange, archiveRanges, type LeftOut, type RangeArchive } from "../range/range-archive.ts";
import { MAX_PICTURES } from "../range/range-file.ts";
import { parseRangeQuery, type RangeRequest } from "../range/range-request.ts";
import { type Ranges, untilClosed } from "../range/ranges.ts";
import { askedCameras } from "./asked-cameras.ts";

export interface RangeArchiveParts {
  catalog: Catalog;
  logger: Logger;
  ranges: Ranges;
  client: ClientOf;
  /** Maximum number of pictures of all cameras together, each of which takes memory; that of one range unless given. */
  mostPictures?: number;
}

/** Each zip keeps the positions of all its cameras' minutes in memory: some megabytes. */
const ARCHIVES: PlaceLimits = { what: "zips of ranges", perClient: 4, inAll: 16 };

/** `GET /api/1/range.zip?camera_ids=a,b&start=…&end=…&gaps=…`: footage between two instants, an mp4 for each camera. */
export function rangeArchiveRoutes(parts: RangeArchiveParts): Router {
  const places = new ClientPlaces(ARCHIVES);
  const send = sender(parts.logger);
  const sendArchive: RequestHandler = async (req, res) => {
    const cameras = await askedCameras(parts.catalog, cameraIds(req));
    const request = parseRangeQuery("", req);
    const client = parts.client(req);
    const giveBack = places.take(client);
    const files: ArchivedRange[] = [];
    try {
      const leftOut = await layOutAll(parts, cameras, request, files, client, untilClosed(res));
      await send(req, res, archiveRanges(files, leftOut));
    } finally {
      for (const { turn } of files) turn.end();
      await Promise.all(files.map(({ file }) => file.close()));
      giveBack();
    }
  };
  const router = Router({ caseSensitive: true });
  router.route("/api/1/range.zip").get(sendArchive).all(allowOnly("GET", "HEAD"));
  return router;
}

/** Adds the ranges to `files`; returns the cameras that are left out. Throws Problem 404 or 503 when all are. */
async function layOutAll(
  { ranges, logger, mostPictures = MAX_PICTURES }: RangeArchiveParts,
  cameras: readonly string[],
  request: RangeRequest,
  files: ArchivedRange[],
  client: string,
  signal: AbortSignal,
): Promise<LeftOut> {
  const leftOut: LeftOut = { withoutFootage: [], unreadable: [] };
  let picturesLeft = mostPictures;
  for (const camera of cameras) {
    try {
      const { pictures, ...range } = await layOut(ranges, { ...request, camera }, client, signal, picturesLeft);
      files.push(range);
      picturesLeft -= pictures;
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof Problem && error.kind === "no-footage") {
        (error.members.damagedMinutes === undefined ? leftOut.withoutFootage : leftOut.unreadable).push(camera);
      } else if (error instanceof Problem) throw ofCamera(camera, error);
      else {
        logger.warn("the footage of a camera cannot be read", { camera, error });
        leftOut.unreadable.push(camera);
      }
    }
  }
  if (files.length > 0) return leftOut;
  if (leftOut.unreadable.length > 0) {
    const detail = `The footage of ${leftOut.unreadable.join(", ")} cannot be read: look at its disk and permissions.`;
    throw new Problem("unavailable", 503, detail);
  }
  throw new Problem("no-footage", 404, `There is no footage of ${cameras.join(", ") || "any camera"} in this range.`);
}

/**
 * Lays out a range, with its end pinned if it lies past what is written. The index is freed, and made again when sent.
 */
async function layOut(
  ranges: Ranges,
  request: RangeRequest,
  client: string,
  signal: AbortSignal,
  mostPictures: number,
): Promise<ArchivedRange & { pictures: number }> {
  const turn = await ranges.turn(request, client, signal);
  try {
    const laidOut = await turn.layOutAnew(mostPictures); // opens the files: it may be long until they are sent
    if ("file" in laidOut) {
      laidOut.file.takeIndex();
      return { ...laidOut, turn };
    }
    if (request.endUs === laidOut.pinnedUs) throw new Error("a pinned range was pinned again");
    turn.end();
    return await layOut(ranges, { ...request, endUs: laidOut.pinnedUs }, client, signal, mostPictures);
  } finally {
    turn.end();
  }
}

function ofCamera(camera: string, { kind, status, message, headers, members }: Problem): Problem {
  return new Problem(kind, status, `${camera}: ${message}`, headers, { ...members, camera });
}

function hasGone(error: unknown): boolean {
  const { code, name } = error as NodeJS.ErrnoException;
  return code === "ERR_STREAM_PREMATURE_CLOSE" || name === "AbortError";
}

function sender(logger: Logger) {
  return async (req: Request, res: Response, { length, stream, stop }: RangeArchive): Promise<void> => {
    const [start, end] = [req.query.start, req.query.end].map((time) => String(time).replace(/[^0-9TZ]/g, ""));
    res.set({
      "Content-Type": "application/zip",
      "Content-Length": String(length),
      "Content-Disposition": `attachment; filename="range.${start}.to.${end}.zip"`,
      "Cache-Control": "no-store",
      "Accept-Ranges": "none",
    });
    try {
      if (req.method === "HEAD") {
        res.end();
        return;
      }
      await pipeline(stream, res);
    } catch (error) {
      if (!res.destroyed || !hasGone(error)) logger.warn("an archive of ranges ends too early", { error });
    } finally {
      await stop();
    }
  };
}
