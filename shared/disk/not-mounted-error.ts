import { DiskAwayError } from "./disk-away-error.ts";

/** Nothing is mounted where a disk must be: the folder there belongs to another disk. */
export class NotMountedError extends DiskAwayError {
  override name = "NotMountedError";
  readonly code = "ENODEV";

  constructor(mountPoint: string) {
    super(
      `no disk is mounted at ${mountPoint}, which storage.mountPoints names: mount it (what waits for it goes on then), ` +
        "or correct the configuration; findmnt lists what is mounted where",
      mountPoint,
    );
  }
}
