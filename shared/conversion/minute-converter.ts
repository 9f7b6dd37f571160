import * as fs from "node:fs/promises";
import { dirname } from "node:path";
import type { StoreFiles } from "../disk/store-files.ts";
import { type ExistingMinute, type MinutePlan, type PlannedPart, planMinute } from "../minute/minute-plan.ts";
import { chunkSource, movieSource } from "../minute/sample-source.ts";
import { LaterVersionError, Mp4Error } from "../mp4/box-reader.ts";
import { readMinute } from "../mp4/minute-file.ts";
import { writeMovieHead } from "../mp4/movie-writer.ts";
import { TIMESCALE } from "../mp4/sample-times.ts";
import type { VideoTrack } from "../mp4/track.ts";
import { PictureTooLargeError } from "../pictures/picture-size.ts";
import type { ConversionJob } from "../queue/conversion-queue.ts";
import { writeAside } from "../store/durable.ts";
import { minutePath } from "../store/names.ts";
import { isOwnFolder, OutsideError } from "../store/own-folder.ts";
import { minuteEndUs } from "../time/minute.ts";
import type { BufferPool } from "./buffer-pool.ts";
import type { DiskSemaphores } from "./disk-semaphores.ts";
import { BadChunkError, NotYetError } from "./errors.ts";
import { configurationOf } from "./first-picture.ts";
import { MinuteLock } from "./minute-lock.ts";
import { closeParts, isClosed, listParts, type MinutePart, openParts, READ_NO_LINK } from "./minute-parts.ts";
import { type PictureTools, writePictures } from "./minute-pictures.ts";
import { quarantine } from "./quarantine.ts";
import { copySamples, writeAll } from "./sample-copy.ts";
import { hidesBlocks } from "./torn-tail.ts";

/** A chunk that this version cannot convert without losing what a later version of Hindsight has stored. */
export interface LaterChunk {
  path: string;
  /** What this version does not know. */
  reason: string;
}

/** What convertMinute works with. */
export interface MinuteConverterTools extends PictureTools {
  /** Limits the minutes that are copied at the same time on each disk. */
  copying: DiskSemaphores;
  buffers: BufferPool;
}

/** The outcome of a job. */
export interface Conversion {
  /** Number of chunks that are converted: they are in the mp4, and removed unless they are quarantined. */
  chunks: number;
  samples: number;
  /** Paths in quarantine of chunks that are kept, although what can be shown of them is in the mp4. */
  quarantined: string[];
  /** Chunks that are left unchanged for a later version of the converter. */
  later: LaterChunk[];
  /** Why the minute has no preview and no thumbnail, when its pictures are too large to be decoded. */
  withoutPictures?: string;
}

const RECHECK_MS = 5000;

/**
 * Makes the mp4, preview and thumbnail of a minute from all its chunks, merging them into an existing mp4, and then
 * removes the chunks. It is safe to run it again, twice at once (MinuteLock), and to kill it at any moment: everything
 * is written aside, made durable and renamed, and the chunks are removed last. A minute without chunks needs no work. A
 * chunk that holds something that this version does not know is left unchanged, and so are all chunks beside such an
 * mp4.
 *
 * Throws NotYetError when the minute is not over or somebody still writes to it, BadChunkError when its chunks are to
 * blame, OutsideError, FfmpegUnusableError, LockLostError, and the errors of the file system.
 */
export async function convertMinute(job: ConversionJob, tools: MinuteConverterTools): Promise<Conversion> {
  const endMs = minuteEndUs(job.minute) / 1000;
  if (Date.now() < endMs) throw new NotYetError("the minute is not over", endMs + 1000);
  const folder = dirname(minutePath(job.directory, job.camera, job.minute, "mp4"));
  if (!(await isOwnFolder(tools.files, job.directory, folder))) throw new OutsideError(folder);
  if ((await listParts(tools.files, job)).length === 0) return { chunks: 0, samples: 0, quarantined: [], later: [] };
  const lock = await MinuteLock.acquire(tools.files, job, tools.watch, tools.pace);
  try {
    return await new MinuteConversion(job, tools, lock).run();
  } finally {
    await lock.release();
  }
}

function requireClosed(parts: readonly MinutePart[], { watch, config }: MinuteConverterTools): void {
  const open = parts.filter((part) => !isClosed(part, watch, config().chunkIdleMs));
  if (open.length > 0) throw new NotYetError(`${open[0]?.path} is still being written`, Date.now() + RECHECK_MS);
}

class MinuteConversion {
  readonly #job: ConversionJob;
  readonly #tools: MinuteConverterTools;
  readonly #lock: MinuteLock;
  readonly #mp4Path: string;
  readonly #files: fs.FileHandle[] = [];
  /** The parts that are converted. */
  #parts: MinutePart[] = [];
  readonly #later: LaterChunk[] = [];
  #withoutPictures: string | undefined;

  constructor(job: ConversionJob, tools: MinuteConverterTools, lock: MinuteLock) {
    this.#job = job;
    this.#tools = tools;
    this.#lock = lock;
    this.#mp4Path = minutePath(job.directory, job.camera, job.minute, "mp4");
  }

  async run(): Promise<Conversion> {
    let parts: MinutePart[] = [];
    try {
      parts = await openParts(this.#tools.files, this.#job, this.#tools.buffers);
      requireClosed(parts, this.#tools);
      this.#parts = parts.filter((part) => this.#isKnown(part));
      const existing = await this.#openExisting();
      const later = this.#later;
      if (this.#parts.length === 0) return { chunks: 0, samples: 0, quarantined: [], later };
      const plan = await this.#write(existing);
      await this.#tools.files.syncFolder(dirname(this.#mp4Path));
      const quarantined = await this.#removeChunks(plan);
      const withoutPictures = this.#withoutPictures;
      return {
        chunks: this.#parts.length,
        samples: plan.movie.sizes.length,
        quarantined,
        later,
        ...(withoutPictures !== undefined && { withoutPictures }),
      };
    } finally {
      await closeParts(parts);
      await Promise.all(this.#files.map((file) => file.close()));
    }
  }

  #isKnown({ path, index: { unknownKinds } }: MinutePart): boolean {
    if (unknownKinds.length === 0) return true;
    const [kinds, are] = [unknownKinds.join(", "), unknownKinds.length === 1 ? "a kind" : "kinds"];
    this.#later.push({ path, reason: `it holds blocks of ${are} that this version does not know: ${kinds}` });
    return false;
  }

  async #write(existing: ExistingMinute | undefined): Promise<MinutePlan> {
    const plan = this.#plan(existing);
    if (plan.movie.sizes.length > 0) {
      await this.#writePictures(plan, existing);
      if (!plan.isThere) await this.#writeMovie(plan);
    }
    return plan;
  }

  #plan(existing: ExistingMinute | undefined): MinutePlan {
    const parts = this.#parts.flatMap(({ path, file, index }): PlannedPart[] => {
      const source = chunkSource(path, file, index);
      return source === undefined ? [] : [{ index, source }];
    });
    const plan = planMinute(existing, parts);
    if ((plan.unplaced.get(this.#mp4Path) ?? 0) > 0) {
      throw new BadChunkError("merging would drop frames that only the mp4 holds", this.#paths());
    }
    return plan;
  }

  /**
   * Writes preview and thumbnail, unless they exist and show the first frame. Sets #withoutPictures if the pictures are
   * too large.
   */
  async #writePictures(plan: MinutePlan, existing: ExistingMinute | undefined): Promise<void> {
    const { directory, camera, minute } = this.#job;
    const previewPath = minutePath(directory, camera, minute, "preview");
    const thumbnailPath = minutePath(directory, camera, minute, "thumbnail");
    const first = plan.ranges[0];
    const isFirstTheSame = existing !== undefined && first?.source === existing.source && first.from === 0;
    if (isFirstTheSame && (await this.#exists(previewPath)) && (await this.#exists(thumbnailPath))) return;
    try {
      if (await writePictures(this.#job, plan, this.#tools, this.#lock)) return;
    } catch (error) {
      if (!(error instanceof PictureTooLargeError)) throw error;
      this.#withoutPictures = error.message;
      return;
    }
    throw new BadChunkError("none of its keyframes can be decoded", this.#paths());
  }

  async #writeMovie(plan: MinutePlan): Promise<void> {
    const configuration = await configurationOf(plan);
    if (configuration === undefined) throw new BadChunkError("no keyframe with parameter sets in it", this.#paths());
    const { record, ...samples } = plan.movie;
    const video: VideoTrack = { kind: "video", configuration, timescale: TIMESCALE, ...samples };
    const head = writeMovieHead({ tracks: [video], record });
    await this.#tools.copying.run(dirname(this.#mp4Path), () =>
      writeAside(this.#tools.files, this.#mp4Path, async (file) => {
        await writeAll(file, [head]);
        await this.#tools.buffers.lend((buffer) => copySamples(plan.ranges, file, buffer));
        await this.#lock.verify(); // see MinuteLock: checked while the temporary file exists
      }),
    );
  }

  async #openExisting(): Promise<ExistingMinute | undefined> {
    let file: fs.FileHandle;
    try {
      file = await this.#tools.files.open(this.#mp4Path, READ_NO_LINK);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "ENOENT") return undefined;
      if (code === "ELOOP")
        throw new BadChunkError(`${this.#mp4Path}, which it belongs into, is a link`, this.#paths());
      throw error;
    }
    this.#files.push(file);
    try {
      const movie = await readMinute(file);
      if (movie.tracks.length > 1) throw new LaterVersionError("more than its one video track");
      return { movie, source: movieSource(this.#mp4Path, file, movie) };
    } catch (error) {
      if (!(error instanceof Mp4Error)) throw error;
      if (error instanceof LaterVersionError) {
        const reason = `${this.#mp4Path}, which it belongs into, has ${error.message}`;
        for (const path of this.#paths()) this.#later.push({ path, reason });
        this.#parts = [];
        return undefined;
      }
      const reason = `cannot be merged into ${this.#mp4Path}, which cannot be read: ${error.message}`;
      throw new BadChunkError(reason, this.#paths(), { cause: error });
    }
  }

  /**
   * Removes the chunks: every frame of them is durable in the mp4. Those with other frames or damage go into quarantine
   * instead.
   */
  async #removeChunks(plan: MinutePlan): Promise<string[]> {
    const quarantined: string[] = [];
    for (const part of this.#parts) {
      const reason = await reasonToKeep(part, plan);
      if (reason !== undefined)
        quarantined.push(await quarantine(this.#tools.files, this.#job.directory, part.path, reason));
      else await removeUnchanged(this.#tools.files, part);
    }
    return quarantined;
  }

  async #exists(path: string): Promise<boolean> {
    return await this.#tools.files.access(path).then(
      () => true,
      () => false,
    );
  }

  #paths(): string[] {
    return this.#parts.map(({ path }) => path);
  }
}

async function reasonToKeep({ path, file, index }: MinutePart, plan: MinutePlan): Promise<string | undefined> {
  if (index.damage !== undefined) {
    return `damaged: ${index.damage}. The ${index.sizes.length} frames before it are in the mp4`;
  }
  const { wholeBytes, tornBytes } = index;
  if (tornBytes > 0 && (await hidesBlocks(file, wholeBytes, wholeBytes + tornBytes))) {
    return `damaged: the length of the block at byte ${wholeBytes} is wrong. The ${index.sizes.length} frames before it are in the mp4`;
  }
  const unplaced = plan.unplaced.get(path);
  if (unplaced === undefined) return undefined;
  return `${unplaced} of its ${index.sizes.length} frames have no keyframe to go by, and are not in the mp4`;
}

/**
 * Removes a chunk if it is still the file that was converted, and has not grown since. A recorder may have created a
 * new file with the same name (it has another inode number, since we hold ours open), or a recorder that seemed dead
 * may have woken up. The check and the removal follow each other directly, with no other operation of this process in
 * the disk's queue in between.
 */
async function removeUnchanged({ disks }: StoreFiles, { path, state }: MinutePart): Promise<void> {
  const disk = await disks.ofEntry(path);
  await disk.run("change", async () => {
    const now = await fs.lstat(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return undefined;
      throw error;
    });
    if (now === undefined || now.ino !== state.ino) return;
    if (now.size !== state.size) throw new NotYetError(`${path} has grown meanwhile`, Date.now() + RECHECK_MS);
    await fs.unlink(path);
  });
}
