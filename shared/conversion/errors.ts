import { DiskAwayError } from "../disk/disk-away-error.ts";
import { FfmpegUnusableError } from "../pictures/ffmpeg-unusable-error.ts";

/** A chunk that can never be converted: it goes into quarantine. */
export class BadChunkError extends Error {
  override name = "BadChunkError";
  /** Paths of the chunks that caused it. */
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

/** Another converter has taken over the minute: what this one was about to write must be discarded. */
export class LockLostError extends Error {
  override name = "LockLostError";
}

/** Codes of system errors that concern the chunk or what is in its place: it is gone, or is not a file. */
const FILE_ERROR_CODES: ReadonlySet<string | undefined> = new Set([
  "ENOENT",
  "EISDIR",
  "ENOTDIR",
  "ELOOP",
  "ENAMETOOLONG",
]);

/**
 * Whether an error is caused by the machine (disk full, no permission, ffmpeg missing) rather than by a chunk: it ends
 * when somebody corrects that, and no footage is to blame. Every error of a system call counts, except
 * FILE_ERROR_CODES: file systems have more codes than could be listed (EINVAL, EHOSTDOWN, EUCLEAN …), and none of them
 * depends on the content of a chunk.
 */
export function isMachineTrouble(error: unknown): boolean {
  if (error instanceof FfmpegUnusableError || error instanceof DiskAwayError) return true;
  if (!(error instanceof Error) || error instanceof BadChunkError) return false;
  const { code, syscall } = error as NodeJS.ErrnoException;
  return syscall !== undefined && !FILE_ERROR_CODES.has(code);
}
