/** ffmpeg is missing, too old, or does not work on this machine. */
export class FfmpegUnusableError extends Error {
  override name = "FfmpegUnusableError";
}
