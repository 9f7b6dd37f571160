import { DiskAwayError } from "./disk-away-error.ts";

/** A disk does not answer. */
export class DiskHangsError extends DiskAwayError {
  override name = "DiskHangsError";
  /** The code that a network file system gives when it gives up by itself. */
  readonly code = "ETIMEDOUT";

  constructor(mountPoint: string) {
    super(
      `the disk at ${mountPoint} does not answer: see whether its server runs and can be reached, or the drive fails ` +
        "(what waits for it goes on when it answers)",
      mountPoint,
    );
  }
}
