/** A disk is away for now: nothing is wrong with the request, which may be repeated later. */
export abstract class DiskAwayError extends Error {
  /** The code of a system error that means the same. */
  abstract readonly code: string;
  readonly mountPoint: string;

  constructor(message: string, mountPoint: string) {
    super(message);
    this.mountPoint = mountPoint;
  }
}
