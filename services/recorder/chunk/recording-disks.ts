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

/** Options shared by the disks of a recorder. */
export interface RecordingDisksOptions {
  disks: Disks;
  /** Kept free on every disk for conversions. On a full disk no mp4 can be written, and so no chunk removed. */
  reserveBytes: number;
  /** A directory's disk is full. Must not block. */
  roomWanted(directory: string): void;
}

/** The disks that hold the cameras' directories. */
export class RecordingDisks {
  reserveBytes: number;
  readonly #disks: Disks;
  readonly #roomWanted: (directory: string) => void;
  readonly #recording = new WeakMap<Disk, RecordingDisk>();
  /** By directory: the disk that it was last recorded to. */
  readonly #last = new Map<string, RecordingDisk>();

  constructor({ disks, reserveBytes, roomWanted }: RecordingDisksOptions) {
    this.#disks = disks;
    this.reserveBytes = reserveBytes;
    this.#roomWanted = roomWanted;
  }

  /**
   * The disk of a directory, which need not exist yet. Throws NotMountedError when a required mount is missing there,
   * DiskHangsError when a symbolic link in its path cannot be read, and DiskGoneError when the directory was on a disk
   * that is no longer mounted: writing would silently fill the disk that holds the empty mount point.
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

  /** Whether the file system of a disk is still mounted, with nothing mounted in its place. */
  isMounted({ disk }: RecordingDisk): boolean {
    return this.#disks.isMounted(disk);
  }

  /** Throws DiskReserveError when nothing more should be written on a disk. */
  checkRoom(disk: RecordingDisk): void {
    disk.checkRoom(this.reserveBytes);
  }

  /** The same, but also when it has no inode left for another file. */
  checkRoomForFile(disk: RecordingDisk): void {
    this.checkRoom(disk);
    disk.checkRoomForFile();
  }

  /** A directory's disk is full: asks for room. Never waits. */
  full(directory: string): void {
    this.#last.get(directory)?.askForRoom(() => this.#roomWanted(directory));
  }
}
