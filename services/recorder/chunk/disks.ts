import { readlink, realpath } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { checkMounted, type Mount, mountOf, readMounts } from "../../../shared/disk/mount-points.ts";
import { Disk } from "./disk.ts";

/** The disk that a camera was recorded to is no longer mounted where it was. */
export class DiskGoneError extends Error {
  override name = "DiskGoneError";
}

/** What the disks of a recorder share. */
export interface DisksOptions {
  /** Kept free on every disk for conversions. On one that is quite full no mp4 can be written, so no chunk be removed. */
  reserveBytes: number;
  /** Folders below which nothing is written while no disk is mounted there: `storage.mountPoints`. */
  mountPoints: readonly string[];
  /** A directory's disk is full. Must not block. */
  roomWanted(directory: string): void;
}

interface Home {
  /** The directory, symbolic links followed. */
  path: string;
  mount: Mount;
  disk: Disk;
}

/** Where no mount is known, such as without /proc. */
const ROOT: Mount = { point: "/", identity: "" };

/** The disks that the cameras' directories lie on. */
export class Disks {
  reserveBytes: number;
  #mountPoints: readonly string[];
  readonly #roomWanted: (directory: string) => void;
  /** By mount point: that of what is mounted there now. */
  readonly #disks = new Map<string, { identity: string; disk: Disk }>();
  readonly #homes = new Map<string, Home>();

  constructor({ reserveBytes, mountPoints, roomWanted }: DisksOptions) {
    this.reserveBytes = reserveBytes;
    this.#mountPoints = mountPoints;
    this.#roomWanted = roomWanted;
  }

  /** As DisksOptions.mountPoints, from the next chunk on. */
  requireMounts(mountPoints: readonly string[]): void {
    if (mountPoints.join("\n") === this.#mountPoints.join("\n")) return;
    this.#mountPoints = mountPoints;
    this.#homes.clear();
  }

  /**
   * The disk of a directory, which need not be there yet. Throws NotMountedError when another disk must be mounted there, and
   * DiskGoneError when the directory lay on a disk that is no longer mounted: what is written would silently fill the disk
   * that holds the empty mount point.
   */
  async of(directory: string): Promise<Disk> {
    const mounts = readMounts();
    const known = this.#homes.get(directory);
    if (known === undefined) return this.#find(directory, mounts);
    const now = mountOf(known.path, mounts) ?? ROOT;
    if (now.identity === known.mount.identity) return known.disk;
    if (now.point.length >= known.mount.point.length) return this.#find(directory, mounts);
    throw new DiskGoneError(
      `the disk at ${known.mount.point} is gone and ${now.point} would be filled in its place ` +
        "(mount it again; a recorder that is restarted takes the folders as they are)",
    );
  }

  /** Whether the file system that a disk stands for is still mounted, and nothing else in its place. */
  isMounted(disk: Disk): boolean {
    const known = this.#disks.get(disk.mountPoint);
    if (known?.disk !== disk) return false;
    return readMounts().some(({ point, identity }) => point === disk.mountPoint && identity === known.identity);
  }

  /** Throws DiskReserveError when nothing more should be written on a disk. */
  checkRoom(disk: Disk): void {
    disk.checkRoom(this.reserveBytes);
  }

  /** The same, also when it has no inode for another file. */
  checkRoomForFile(disk: Disk): void {
    this.checkRoom(disk);
    disk.checkRoomForFile();
  }

  /** A directory's disk is full: space is asked for. Never waits. */
  full(directory: string): void {
    this.#homes.get(directory)?.disk.askForRoom(() => this.#roomWanted(directory));
  }

  async #find(directory: string, mounts: readonly Mount[]): Promise<Disk> {
    // Following links may hang, on the disk of the first link at the latest; that is where to wait in line.
    const path = await this.#at(mountOf(directory, mounts) ?? ROOT).write(() => followLinks(directory));
    const mount = mountOf(path, mounts) ?? ROOT;
    checkMounted([directory, path], mount.point, this.#mountPoints);
    const disk = this.#at(mount);
    this.#homes.set(directory, { path, mount, disk });
    return disk;
  }

  /** What hangs for ever in a file system that was unmounted says nothing of the one that is mounted there now. */
  #at({ point, identity }: Mount): Disk {
    const known = this.#disks.get(point);
    if (known?.identity === identity) return known.disk;
    const disk = new Disk(point);
    this.#disks.set(point, { identity, disk });
    return disk;
  }
}

/** As many as the kernel follows (path_resolution(7)). */
const MOST_LINKS = 40;

/** The path without symbolic links, as far as there is something; also of what lies on a disk that is not mounted. */
async function followLinks(path: string, linksLeft = MOST_LINKS): Promise<string> {
  try {
    return await realpath(path);
  } catch {
    const above = dirname(path);
    if (above === path) return path;
    const here = join(await followLinks(above, linksLeft), basename(path));
    const target = linksLeft === 0 ? undefined : await readlink(here).catch(() => undefined);
    return target === undefined ? here : followLinks(resolve(dirname(here), target), linksLeft - 1);
  }
}
