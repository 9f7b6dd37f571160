/** A disk does not answer: nothing is wrong with what was asked of it, and it may be asked again later. */
export class DiskHangsError extends Error {
  override name = "DiskHangsError";
  /** As of a network file system that gives up by itself. */
  readonly code = "ETIMEDOUT";
  readonly mountPoint: string;

  constructor(mountPoint: string) {
    super(
      `the disk at ${mountPoint} does not answer: see whether its server runs and can be reached, or the drive fails ` +
        "(what waits for it goes on when it answers)",
    );
    this.mountPoint = mountPoint;
  }
}
