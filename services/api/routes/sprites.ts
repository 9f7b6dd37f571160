import type { RequestHandler } from "express";
import type { Catalog } from "../../../shared/catalog/catalog.ts";
import type { LiveConfig } from "../../../shared/config/config.ts";
import type { StoreFiles } from "../../../shared/disk/store-files.ts";
import type { Logger } from "../../../shared/logging/logger.ts";
import { Problem, unknownCamera } from "../http/problem.ts";
import { flag } from "../http/query.ts";
import { cacheControl, sendEntity } from "../http/send-file.ts";
import type { ClientOf } from "../limits/client-of.ts";
import { parseSheetName } from "../sprites/sheet-name.ts";
import { SpriteSheets } from "../sprites/sprite-sheets.ts";
import { forEachCamera } from "./asked-cameras.ts";

export interface SpritesParts {
  config: LiveConfig;
  files: StoreFiles;
  catalog: Catalog;
  logger: Logger;
  client: ClientOf;
}

/** For an hour that is still growing: the next minute may come within seconds. */
const UNDER_WAY = "private, max-age=5, must-revalidate";

/** `GET /api/1/camera/{id}.sprites.{YYYYMMDD}.{HH}.jpg`: an hour's thumbnails in one JPEG. Passes other names on. */
export function sendSprites({
  config,
  files,
  catalog,
  logger,
  client,
}: SpritesParts): RequestHandler<{ file: string }> {
  const sheets = new SpriteSheets({ config, files, catalog, logger });
  return async (req, res, next) => {
    const which = parseSheetName(req.params.file);
    if (which === undefined) {
      next();
      return;
    }
    const { camera, hour } = which;
    if ((await catalog.directories(camera)) === undefined) throw unknownCamera(camera);
    const { found } = await forEachCamera([camera], logger, () => sheets.get(which, client(req as never)));
    const sheet = found.get(camera);
    if (sheet === undefined) {
      throw new Problem("no-footage", 404, `There is no thumbnail of ${camera} in the hour ${hour} (UTC).`);
    }
    const { jpeg, cells } = sheet;
    const options = {
      type: "image/jpeg",
      fileName: `${camera}.${hour}.sprites.jpg`,
      download: flag(req as never, "download"),
      cacheControl: cells.isComplete ? cacheControl(cells.newestMs, Date.now()) : UNDER_WAY,
    };
    // No Last-Modified: when a minute is deleted, the sheet changes but does not become newer.
    const entity = { length: jpeg.length, etag: `"${cells.key}"` };
    await sendEntity(req as never, res, entity, options, async (start, end) => {
      res.end(jpeg.subarray(start, end));
    });
  };
}
