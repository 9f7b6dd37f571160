import { realpath } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { mountPointOf, readMountPoints } from "../../../shared/disk/mount-points.ts";
import { Disk } from "./disk.ts";

/** The disk that a camera was recorded to is no longer mounted where it was. */
export class DiskGoneError extends Error {
  override name = "DiskGoneError";
}

/** What the disks of a recorder share. */
export interface DisksOptions {
  /** Kept free on every disk for conversions. On one that is quite full no mp4 can be written, so no chunk be removed. */
  reserveBytes: number;
  /** A directory's disk is full. Must not block. */
  roomWanted(directory: string): void;
}

interface Home {
  /** The directory, symbolic links followed. */
  path: string;
  disk: Disk;
}

/** The disks that the cameras' directories lie on. */
export class Disks {
  reserveBytes: number;
  readonly #roomWanted: (directory: string) => void;
  readonly #disks = new Map<string, Disk>();
  readonly #homes = new Map<string, Home>();

  constructor({ reserveBytes, roomWanted }: DisksOptions) {
    this.reserveBytes = reserveBytes;
    this.#roomWanted = roomWanted;
  }

  /**
   * The disk of a directory, which need not be there yet. Throws DiskGoneError when the directory lay on a disk that is no
   * longer mounted: what is written would silently fill the disk that holds the empty mount point.
   */
  async of(directory: string): Promise<Disk> {
    const mountPoints = readMountPoints();
    const known = this.#homes.get(directory);
    const now = known === undefined ? "" : mountPointOf(known.path, mountPoints);
    if (known === undefined || now.length > known.disk.mountPoint.length) return this.#find(directory, mountPoints);
    if (now === known.disk.mountPoint) return known.disk;
    throw new DiskGoneError(
      `the disk at ${known.disk.mountPoint} is gone and ${now} would be filled in its place ` +
        "(mount it again; a recorder that is restarted takes the folders as they are)",
    );
  }

  /** Throws DiskReserveError when nothing more should be written on a disk. */
  checkRoom(disk: Disk): void {
    disk.checkRoom(this.reserveBytes);
  }

  /** A directory's disk is full: space is asked for. Never waits. */
  full(directory: string): void {
    this.#homes.get(directory)?.disk.askForRoom(() => this.#roomWanted(directory));
  }

  async #find(directory: string, mountPoints: readonly string[]): Promise<Disk> {
    // Following links may hang, on the disk of the first link at the latest; that is where to wait in line.
    const path = await this.#at(mountPointOf(directory, mountPoints)).write(() => followLinks(directory));
    const disk = this.#at(mountPointOf(path, mountPoints));
    this.#homes.set(directory, { path, disk });
    return disk;
  }

  #at(mountPoint: string): Disk {
    const disk = this.#disks.get(mountPoint) ?? new Disk(mountPoint);
    this.#disks.set(mountPoint, disk);
    return disk;
  }
}

/** The path without symbolic links; of what does not exist, or cannot be looked at, the part above it. */
async function followLinks(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch {
    return dirname(path) === path ? path : join(await followLinks(dirname(path)), basename(path));
  }
}
