/** A disk is away, for now: nothing is wrong with what was asked of it, and it may be asked again later. */
export abstract class DiskAwayError extends Error {
  /** As the kernel would say it. */
  abstract readonly code: string;
  readonly mountPoint: string;

  constructor(message: string, mountPoint: string) {
    super(message);
    this.mountPoint = mountPoint;
  }
}
