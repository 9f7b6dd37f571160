import { randomBytes } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { StoreFiles } from "../disk/store-files.ts";
import type { ConversionJob } from "../queue/conversion-queue.ts";
import { minutePath, parseTemporaryName, temporaryName } from "../store/names.ts";
import { LockLostError, NotYetError } from "./errors.ts";
import type { IdleWatch } from "./idle-watch.ts";
import type { TakeoverPace } from "./takeover-pace.ts";

type LockPace = Pick<TakeoverPace, "heartbeatMs" | "staleMs">;

const RELEASED_MS = 200;
const LOCK_SUFFIX = "000000000000";

/**
 * The right to write a minute's files, held by one converter at a time, even if the converters run on several hosts
 * that share the storage, and while Redis is away (BullMQ's locks are lost with Redis).
 *
 * Without it, footage could be lost: converter B lists the parts of a minute; A merges a late part into the mp4 and
 * removes its chunk; B, which does not know of it, renames its mp4 over A's.
 *
 * The lock is a file that is created exclusively; its holder updates the modification time as a heartbeat. A stale
 * lock, whose modification time has not changed for `staleMs` by the observer's own clock, is taken over. Its former
 * holder may only have been frozen and may continue at any moment, so a timeout alone is not safe. The order of steps
 * makes it safe:
 *
 * - a converter that takes over first replaces the old lock file by its own, then removes the minute's temporary files;
 * - a holder first creates its temporary file, then verifies that the lock is still its own, then renames.
 *
 * If the former holder created its temporary file before that removal, its rename fails; if after it, it finds that the
 * lock is not its own. Either way it never replaces a newer version of the mp4 by an older one.
 */
export class MinuteLock {
  readonly #files: StoreFiles;
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #ino: number;
  readonly #timer: NodeJS.Timeout;

  private constructor(files: StoreFiles, path: string, file: FileHandle, ino: number, heartbeatMs: number) {
    this.#files = files;
    this.#path = path;
    this.#file = file;
    this.#ino = ino;
    this.#timer = setInterval(() => {
      const now = new Date();
      file.utimes(now, now).catch(() => {}); // if it keeps failing, others see a stale lock
    }, heartbeatMs);
  }

  /** Takes the lock. Throws NotYetError while another converter holds it, and the errors of open(2) and rename(2). */
  static async acquire(files: StoreFiles, job: ConversionJob, watch: IdleWatch, pace: LockPace): Promise<MinuteLock> {
    const path = lockPath(job);
    try {
      return await MinuteLock.#holding(files, path, await files.open(path, "wx"), pace);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const state = await files.stat(path).catch(() => undefined);
    if (state === undefined || watch.unchangedMs(path, state) < pace.staleMs) {
      const pauseMs = state === undefined ? RELEASED_MS : pace.heartbeatMs;
      throw new NotYetError("another converter is at work on this minute", Date.now() + pauseMs);
    }
    return MinuteLock.#takeOver(files, path, job, pace);
  }

  static async #takeOver(files: StoreFiles, path: string, job: ConversionJob, pace: LockPace): Promise<MinuteLock> {
    const own = join(dirname(path), temporaryName(`${basename(path)}.takeover`, randomBytes(6).toString("hex")));
    const file = await files.open(own, "wx");
    try {
      await files.rename(own, path);
      await removeTemporaryFiles(files, job);
    } catch (error) {
      await file.close();
      throw error;
    }
    return MinuteLock.#holding(files, path, file, pace);
  }

  static async #holding(
    files: StoreFiles,
    path: string,
    file: FileHandle,
    { heartbeatMs }: LockPace,
  ): Promise<MinuteLock> {
    try {
      const { ino } = await file.stat(); // unique while `file` is open
      return new MinuteLock(files, path, file, ino, heartbeatMs);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Throws LockLostError when the lock was taken over. To be called after each temporary file has been created. */
  async verify(): Promise<void> {
    if (!(await this.#isOwn())) throw new LockLostError("another converter has taken this minute over");
  }

  /** Releases the lock, unless it was taken over. */
  async release(): Promise<void> {
    clearInterval(this.#timer);
    try {
      if (await this.#isOwn()) await this.#files.rm(this.#path, { force: true });
    } finally {
      await this.#file.close();
    }
  }

  async #isOwn(): Promise<boolean> {
    try {
      return (await this.#files.stat(this.#path)).ino === this.#ino;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
      throw error;
    }
  }
}

function lockPath(job: ConversionJob): string {
  const mp4 = minutePath(job.directory, job.camera, job.minute, "mp4");
  return join(dirname(mp4), temporaryName(`${basename(mp4)}.lock`, LOCK_SUFFIX));
}

async function removeTemporaryFiles(files: StoreFiles, job: ConversionJob): Promise<void> {
  const paths = (["mp4", "preview", "thumbnail"] as const).map((kind) =>
    minutePath(job.directory, job.camera, job.minute, kind),
  );
  const folder = dirname(paths[0] as string);
  const finals = new Set(paths.map((path) => basename(path)));
  for (const name of await files.readdir(folder)) {
    if (finals.has(parseTemporaryName(name) ?? "")) await files.rm(join(folder, name), { force: true });
  }
}
