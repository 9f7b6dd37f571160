import type { Disk } from "../../../shared/disk/disk.ts";
import type { Disks } from "../../../shared/disk/disks.ts";
import { NotMountedError } from "../../../shared/disk/not-mounted-error.ts";
import { RecordingDisk } from "./recording-disk.ts";

/** The disk that a camera was recorded to is no longer mounted where it was. */
export class DiskGoneError extends Error {
  override name = "DiskGoneError";

  constructor(mountPoint: string) {
    super(
      `the disk at ${mountPoint} is gone, and the one that holds its empty mount point would be filled in its place ` +
        "(mount it again; a recorder that is restarted takes the folders as they are)",
    );
  }
}

/** What the disks of a recorder share. */
export interface RecordingDisksOptions {
  disks: Disks;
  /** Kept free on every disk for conversions. On one that is quite full no mp4 can be written, so no chunk be removed. */
  reserveBytes: number;
  /** A directory's disk is full. Must not block. */
  roomWanted(directory: string): void;
}

/** The disks that the cameras' directories lie on. */
export class RecordingDisks {
  reserveBytes: number;
  readonly #disks: Disks;
  readonly #roomWanted: (directory: string) => void;
  readonly #recording = new WeakMap<Disk, RecordingDisk>();
  /** By directory: where it was recorded to last. */
  readonly #last = new Map<string, RecordingDisk>();

  constructor({ disks, reserveBytes, roomWanted }: RecordingDisksOptions) {
    this.#disks = disks;
    this.reserveBytes = reserveBytes;
    this.#roomWanted = roomWanted;
  }

  /**
   * The disk of a directory, which need not be there yet. Throws NotMountedError when another disk must be mounted there,
   * DiskHangsError when a link on the way cannot be read, and DiskGoneError when the directory lay on a disk that is no longer
   * mounted: what is written would silently fill the disk that holds the empty mount point.
   */
  async of(directory: string): Promise<RecordingDisk> {
    const last = this.#last.get(directory);
    const disk = await this.#disks.ofFolder(directory, true).catch((error: unknown) => {
      const isGone = error instanceof NotMountedError && last !== undefined && !this.isMounted(last);
      throw isGone ? new DiskGoneError(last.disk.mountPoint) : error;
    });
    if (last?.disk === disk) return last;
    if (last !== undefined && disk.mountPoint.length < last.disk.mountPoint.length) {
      throw new DiskGoneError(last.disk.mountPoint);
    }
    const recording = this.#recording.get(disk) ?? new RecordingDisk(disk);
    this.#recording.set(disk, recording);
    this.#last.set(directory, recording);
    return recording;
  }

  /** Whether the file system that a disk stands for is still mounted, and nothing else in its place. */
  isMounted({ disk }: RecordingDisk): boolean {
    return this.#disks.isMounted(disk);
  }

  /** Throws DiskReserveError when nothing more should be written on a disk. */
  checkRoom(disk: RecordingDisk): void {
    disk.checkRoom(this.reserveBytes);
  }

  /** The same, also when it has no inode for another file. */
  checkRoomForFile(disk: RecordingDisk): void {
    this.checkRoom(disk);
    disk.checkRoomForFile();
  }

  /** A directory's disk is full: space is asked for. Never waits. */
  full(directory: string): void {
    this.#last.get(directory)?.askForRoom(() => this.#roomWanted(directory));
  }
}
