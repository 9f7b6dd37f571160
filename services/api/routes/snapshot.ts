import { Router } from "express";
import { allowOnly } from "../http/errors.ts";
import { Problem, unknownCamera } from "../http/problem.ts";
import { flag } from "../http/query.ts";
import { sendEntity } from "../http/send-file.ts";
import { Snapshots, type SnapshotsParts } from "../snapshot/snapshots.ts";
import { forEachCamera } from "./asked-cameras.ts";

/** `GET /api/1/camera/{id}/snapshot.jpg`: the newest picture; Last-Modified is when it was taken. */
export function snapshotRoutes(parts: SnapshotsParts): Router {
  const { catalog, logger } = parts;
  const snapshots = new Snapshots(parts);
  const router = Router({ caseSensitive: true });
  router
    .route("/api/1/camera/:id/snapshot.jpg")
    .get(async (req, res) => {
      const camera = req.params.id as string;
      if ((await catalog.directories(camera)) === undefined) throw unknownCamera(camera);
      const { found } = await forEachCamera([camera], logger, () => snapshots.newest(camera));
      const snapshot = found.get(camera);
      if (snapshot === undefined) throw new Problem("no-footage", 404, `There is no picture of ${camera} yet.`);
      const { jpeg, takenUs, etag } = snapshot;
      const lastModifiedMs = takenUs / 1000;
      const taken = new Date(lastModifiedMs).toISOString().replace(/[-:]|\.\d+/g, "");
      const options = {
        type: "image/jpeg",
        fileName: `${camera}.${taken}.jpg`,
        download: flag(req, "download"),
        cacheControl: "private, no-cache",
      };
      await sendEntity(req, res, { length: jpeg.length, etag, lastModifiedMs }, options, async (start, end) => {
        res.end(jpeg.subarray(start, end));
      });
    })
    .all(allowOnly("GET", "HEAD"));
  return router;
}
