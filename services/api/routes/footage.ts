import { type RequestHandler, Router } from "express";
import type { Catalog } from "../../../shared/catalog/catalog.ts";
import type { StoreFiles } from "../../../shared/disk/store-files.ts";
import { minutePath } from "../../../shared/store/names.ts";
import { type FootageFile, parseFootageFile } from "../footage/footage-file.ts";
import { allowOnly } from "../http/errors.ts";
import { Problem, unknownCamera } from "../http/problem.ts";
import { flag, single } from "../http/query.ts";
import type { SendBuffers } from "../http/send-buffers.ts";
import { type OpenFile, openRegularFile, sendFile } from "../http/send-file.ts";
import { type RangeRouteParts, sendNamedRange } from "./range.ts";
import { type SpritesParts, sendSprites } from "./sprites.ts";

const TYPES = { mp4: "video/mp4", preview: "image/jpeg", thumbnail: "image/jpeg" } as const;
const EXTENSIONS = { mp4: "mp4", preview: "preview.jpg", thumbnail: "thumbnail.jpg" } as const;

/**
 * Files named after a camera and a time: `GET /api/1/camera/{id}.preview.{YYYYMMDD}.{HHMM}.jpg`,
 * `{id}.thumbnail.….jpg`, `{id}.preview.….mp4`, sprite sheets and ranges by name.
 */
export function footageRoutes(parts: SpritesParts & RangeRouteParts): Router {
  const router = Router({ caseSensitive: true });
  const handlers = [
    sendFootage(parts.files, parts.catalog, parts.ranges.buffers),
    sendSprites(parts),
    sendNamedRange(parts),
    noSuchFile,
  ];
  router.route("/api/1/camera/:file").get(handlers).all(allowOnly("GET", "HEAD"));
  return router;
}

const noSuchFile: RequestHandler = (_req, _res, next) => {
  const detail = "Files are named {id}.preview.{YYYYMMDD}.{HHMM}.jpg or .mp4, or {id}.thumbnail.….jpg.";
  next(new Problem("no-such-resource", 404, detail));
};

function sendFootage(files: StoreFiles, catalog: Catalog, buffers: SendBuffers): RequestHandler<{ file: string }> {
  return async (req, res, next) => {
    const parsed = parseFootageFile(req.params.file);
    if (parsed === undefined) {
      next();
      return;
    }
    const download = flag(req as never, "download");
    const copy = parseCopy(single(req as never, "copy"));
    const directories = await catalog.directories(parsed.camera);
    if (directories === undefined) throw unknownCamera(parsed.camera);
    const file = await openCopy(files, directories, parsed, copy);
    if (file === undefined) {
      const detail = `There is no ${parsed.kind} of ${parsed.camera} for ${parsed.minute} (UTC).`;
      throw new Problem("no-footage", 404, detail);
    }
    const fileName = `${parsed.camera}.${parsed.minute}.${EXTENSIONS[parsed.kind]}`;
    await sendFile(req as never, res, file, { type: TYPES[parsed.kind], fileName, download }, buffers);
  };
}

/**
 * A camera that was moved to another directory within a minute has that minute in both. The one in the directory that
 * is configured now is the first copy; `?copy=2` and so on select the others.
 */
async function openCopy(
  files: StoreFiles,
  directories: readonly string[],
  { camera, minute, kind }: FootageFile,
  copy: number,
): Promise<OpenFile | undefined> {
  let found = 0;
  let failure: unknown;
  for (const directory of directories) {
    try {
      const file = await openRegularFile(files, minutePath(directory, camera, minute, kind));
      if (file === undefined) continue;
      if (++found === copy) return file;
      await file.handle.close();
    } catch (error) {
      failure ??= error; // a broken disk must not hide the footage on the camera's other one
    }
  }
  if (failure !== undefined) throw failure;
  return undefined;
}

function parseCopy(text: string | undefined): number {
  if (text === undefined) return 1;
  if (!/^[1-9]\d?$/.test(text)) throw new Problem("bad-request", 400, 'The parameter "copy" is a number from 1 to 99.');
  return Number(text);
}
