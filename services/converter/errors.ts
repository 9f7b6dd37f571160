import { FfmpegUnusableError } from "../../shared/pictures/ffmpeg-unusable-error.ts";

/** A chunk that cannot be converted, whatever is tried: it goes into quarantine. */
export class BadChunkError extends Error {
  override name = "BadChunkError";
  /** Paths of the chunks that are to blame. */
  readonly paths: string[];

  constructor(message: string, paths: string[], options?: ErrorOptions) {
    super(message, options);
    this.paths = paths;
  }
}

/** Nothing is wrong, but the minute cannot be converted before `notBeforeMs` (Date.now()). */
export class NotYetError extends Error {
  override name = "NotYetError";
  readonly notBeforeMs: number;

  constructor(message: string, notBeforeMs: number) {
    super(message);
    this.notBeforeMs = notBeforeMs;
  }
}

/** Another converter has taken the minute over: what this one was about to write is void. */
export class LockLostError extends Error {
  override name = "LockLostError";
}

/** Errors of the machine, not of a chunk: they pass when somebody mends it, and no footage is to blame. */
const MACHINE_ERROR_CODES = new Set([
  "ENOSPC",
  "EDQUOT",
  "EIO",
  "EACCES",
  "EPERM",
  "EROFS",
  "EMFILE",
  "ENFILE",
  "ENOMEM",
  "EAGAIN",
  "EBUSY",
  "ENODEV",
  "ENXIO",
  "ESTALE",
  "ENOTCONN",
  "ETIMEDOUT",
]);

/** Whether an error tells of the machine (disk full, no permission, ffmpeg missing) rather than of a chunk. */
export function isMachineTrouble(error: unknown): boolean {
  if (error instanceof FfmpegUnusableError) return true;
  return error instanceof Error && MACHINE_ERROR_CODES.has((error as NodeJS.ErrnoException).code ?? "");
}
