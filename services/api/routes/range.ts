import { Router } from "express";
import type { Catalog } from "../catalog/catalog.ts";
import { unknownCamera } from "../http/problem.ts";
import { flag } from "../http/query.ts";
import { sendEntity } from "../http/send-file.ts";
import { layOutRange } from "../range/range-file.ts";
import { parseRangeName } from "../range/range-name.ts";
import { sendVirtualFile } from "../range/virtual-file.ts";

/** `GET /api/1/camera/{id}.range.{YYYYMMDD}.{HHMM}.to.{YYYYMMDD}.{HHMM}.mp4`: the minutes of those names as one mp4. */
export function rangeRoutes(catalog: Catalog): Router {
  const router = Router();
  const route = router.route("/api/1/camera/:file");
  // Without this express answers OPTIONS for the whole address by itself.
  route.options((_req, _res, next) => next());
  route.get(async (req, res, next) => {
    const range = parseRangeName(req.params.file);
    if (range === undefined) {
      next();
      return;
    }
    if ((await catalog.directories(range.camera)) === undefined) throw unknownCamera(range.camera);
    const file = await layOutRange(catalog, range);
    const options = {
      type: "video/mp4",
      fileName: `${range.camera}.${range.from}.to.${range.to}.mp4`,
      download: flag(req, "download"),
    };
    await sendEntity(req, res, file.entity, options, (start, end) => sendVirtualFile(res, file, start, end));
  });
  return router;
}
