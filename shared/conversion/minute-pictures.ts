import { dirname } from "node:path";
import type { ConverterConfig } from "../config/config.ts";
import type { StoreFiles } from "../disk/store-files.ts";
import { type MinutePlan, planMinute } from "../minute/minute-plan.ts";
import { movieSource } from "../minute/sample-source.ts";
import { readMinute } from "../mp4/minute-file.ts";
import type { ConversionJob } from "../queue/conversion-queue.ts";
import { writeAside } from "../store/durable.ts";
import { minutePath } from "../store/names.ts";
import { isOwnFolder, OutsideError } from "../store/own-folder.ts";
import { firstPicture } from "./first-picture.ts";
import type { IdleWatch } from "./idle-watch.ts";
import { MinuteLock } from "./minute-lock.ts";
import { READ_NO_LINK } from "./minute-parts.ts";
import type { PreviewBatcher } from "./preview-batcher.ts";
import type { TakeoverPace } from "./takeover-pace.ts";
import { makeThumbnail } from "./thumbnail.ts";

/** What is needed to make the pictures of a minute. */
export interface PictureTools {
  files: StoreFiles;
  config(): ConverterConfig;
  previews: PreviewBatcher;
  watch: IdleWatch;
  pace: TakeoverPace;
}

/**
 * Writes preview and thumbnail of a planned minute, under its lock. Returns false when none of its keyframes can be
 * decoded. Throws what `firstPicture` throws, LockLostError, and the errors of the file system.
 */
export async function writePictures(
  { directory, camera, minute }: ConversionJob,
  plan: MinutePlan,
  { files, previews, config }: Pick<PictureTools, "files" | "previews" | "config">,
  lock: MinuteLock,
): Promise<boolean> {
  const { maxPixels, thumbnailWidth } = config();
  const preview = await firstPicture(plan, previews, maxPixels);
  if (preview === undefined) return false;
  const thumbnail = await makeThumbnail(preview, thumbnailWidth, maxPixels);
  for (const [kind, picture] of [["preview", preview] as const, ["thumbnail", thumbnail] as const]) {
    await writeAside(files, minutePath(directory, camera, minute, kind), async (file) => {
      await file.writeFile(picture);
      await lock.verify(); // see MinuteLock: checked while the temporary file exists
    });
  }
  return true;
}

/**
 * Makes preview and thumbnail of a minute again from its mp4. Returns false when none of its keyframes can be decoded.
 * Throws NotYetError while a converter works on the minute, Mp4Error, and what `writePictures` throws.
 */
export async function rebuildPictures(job: ConversionJob, tools: PictureTools): Promise<boolean> {
  const path = minutePath(job.directory, job.camera, job.minute, "mp4");
  if (!(await isOwnFolder(tools.files, job.directory, dirname(path)))) throw new OutsideError(dirname(path));
  const lock = await MinuteLock.acquire(tools.files, job, tools.watch, tools.pace);
  try {
    const file = await tools.files.open(path, READ_NO_LINK);
    try {
      const movie = await readMinute(file, { only: "video" });
      const plan = planMinute({ movie, source: movieSource(path, file, movie) }, []);
      const isMade = await writePictures(job, plan, tools, lock);
      await tools.files.syncFolder(dirname(path));
      return isMade;
    } finally {
      await file.close();
    }
  } finally {
    await lock.release();
  }
}
