import { DiskAwayError } from "../disk/disk-away-error.ts";
import { FfmpegUnusableError } from "../pictures/ffmpeg-unusable-error.ts";

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

/** Errors of a system call that tell of the chunk, or of what lies in its place: it is gone, or no file at all. */
const FILE_ERROR_CODES: ReadonlySet<string | undefined> = new Set([
  "ENOENT",
  "EISDIR",
  "ENOTDIR",
  "ELOOP",
  "ENAMETOOLONG",
]);

/**
 * Whether an error tells of the machine (disk full, no permission, ffmpeg missing) rather than of a chunk: it passes when
 * somebody mends it, and no footage is to blame. What a system call refuses is of the machine, whatever its code: file systems
 * have more of them than could be listed (EINVAL, EHOSTDOWN, EUCLEAN …), and what a chunk holds has no part in any.
 */
export function isMachineTrouble(error: unknown): boolean {
  if (error instanceof FfmpegUnusableError || error instanceof DiskAwayError) return true;
  if (!(error instanceof Error) || error instanceof BadChunkError) return false;
  const { code, syscall } = error as NodeJS.ErrnoException;
  return syscall !== undefined && !FILE_ERROR_CODES.has(code);
}
