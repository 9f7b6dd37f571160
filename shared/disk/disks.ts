import { readlink } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { Disk } from "./disk.ts";
import { DiskHangsError } from "./disk-hangs-error.ts";
import { checkMounted, type Mount, mountOf, readMounts } from "./mount-points.ts";

/** A path, and the disk that holds it. */
interface Place {
  /** With symbolic links resolved. */
  path: string;
  disk: Disk;
}

interface MountedDisk extends Mount {
  disk: Disk;
}

/** How long a list of the mounted disks is used before it is read again. */
const MOUNTS_FRESH_MS = 5000;
const FOLDERS_KEPT = 10_000;
/** As many symbolic links as the kernel follows (path_resolution(7)). */
const MAX_LINKS = 40;

/**
 * The mounted disks, found by absolute path; finding one never waits for another disk. A process creates one instance,
 * since the limit of threads per disk must cover all operations on it.
 */
export class Disks {
  readonly #readMounts: () => Mount[];
  /** By mount point. */
  #mounted = new Map<string, MountedDisk>();
  #mountsReadMs = Number.NEGATIVE_INFINITY;
  readonly #folders = new Map<string, Place>();
  readonly #finding = new Map<string, Promise<Place>>();
  #requiredMounts: readonly string[] = [];
  /** Called once for each disk whose folders cannot be synced. */
  onFoldersNotSynced: (mountPoint: string) => void = () => {};

  constructor(read: () => Mount[] = readMounts) {
    this.#readMounts = read;
  }

  /**
   * From now on, paths below one of these folders (`storage.mountPoints`) are accessible only while a disk is mounted
   * there.
   */
  requireMounts(mountPoints: readonly string[]): void {
    this.#requiredMounts = mountPoints;
  }

  /** Mount points of the disks whose folders cannot be synced, as far as this process has tried. */
  foldersNotSynced(): string[] {
    return [...this.#mounted.values()].filter(({ disk }) => !disk.syncsFolders).map(({ point }) => point);
  }

  /**
   * The disk that holds the content of a folder; symbolic links are followed. The folder need not exist. Throws
   * DiskHangsError when the disk cannot be determined, and NotMountedError when another disk must be mounted there.
   * `isFresh` reads the mounts at this moment.
   */
  ofFolder(folder: string, isFresh = false): Promise<Disk> {
    return this.#check(folder, () => this.#find(folder, MAX_LINKS), isFresh);
  }

  /**
   * The disk that holds the entry that a path names: a file, folder or link itself, not the target of the link. Throws
   * as `ofFolder` does.
   */
  ofEntry(path: string, isFresh = false): Promise<Disk> {
    return this.#check(path, () => this.#findEntry(path, MAX_LINKS), isFresh);
  }

  /** The mount point of the disk that holds a folder. Throws DiskHangsError when it cannot be determined. */
  async mountPointUnder(folder: string): Promise<string> {
    return (await this.ofFolder(folder)).mountPoint;
  }

  /** Whether the file system of a disk is mounted at this moment, and no other in its place. */
  isMounted(disk: Disk): boolean {
    this.#lookAtMounts(0);
    return this.#mounted.get(disk.mountPoint)?.disk === disk;
  }

  async #check(path: string, find: () => Promise<Place>, isFresh: boolean): Promise<Disk> {
    this.#lookAtMounts(isFresh ? 0 : MOUNTS_FRESH_MS);
    const place = await find();
    try {
      checkMounted([path, place.path], place.disk.mountPoint, this.#requiredMounts);
    } catch (error) {
      if (isFresh) throw error;
      return this.#check(path, find, true); // it may just have been mounted
    }
    return place.disk;
  }

  async #find(folder: string, linksLeft: number): Promise<Place> {
    const known = this.#folders.get(folder);
    if (known !== undefined) return known;
    const key = `${folder}\n${linksLeft}`;
    const finding = this.#finding.get(key) ?? this.#follow(folder, linksLeft);
    this.#finding.set(key, finding);
    try {
      return await finding;
    } finally {
      this.#finding.delete(key);
    }
  }

  async #follow(folder: string, linksLeft: number): Promise<Place> {
    const readMs = this.#mountsReadMs;
    const entry = await this.#findEntry(folder, linksLeft);
    const target = await this.#readLink(entry);
    const place =
      target === undefined || linksLeft === 0
        ? entry
        : await this.#find(resolve(dirname(entry.path), target), linksLeft - 1);
    if (this.#folders.size >= FOLDERS_KEPT) this.#folders.clear();
    if (readMs === this.#mountsReadMs) this.#folders.set(folder, place);
    return place;
  }

  /** Follows links only in the folders above the entry. */
  async #findEntry(path: string, linksLeft: number): Promise<Place> {
    const above = dirname(path);
    if (above === path) return { path, disk: this.#at(path) };
    const parent = await this.#find(above, linksLeft);
    const place = join(parent.path, basename(path));
    return { path: place, disk: this.#mounted.get(place)?.disk ?? parent.disk };
  }

  /** The target of a link; undefined for anything else, or when it does not exist or cannot be read. */
  async #readLink({ path, disk }: Place): Promise<string | undefined> {
    if (path === "/") return undefined;
    return disk
      .run("ask", () => readlink(path))
      .catch((error: unknown) => {
        if (error instanceof DiskHangsError) throw error;
        return undefined;
      });
  }

  #at(path: string): Disk {
    const known = mountOf(path, this.#mounted.values());
    if (known !== undefined) return known.disk;
    const root: MountedDisk = { point: "/", identity: "", disk: this.#newDisk("/") };
    this.#mounted.set("/", root);
    return root.disk;
  }

  #newDisk(mountPoint: string): Disk {
    return new Disk(mountPoint, (point) => this.onFoldersNotSynced(point));
  }

  /**
   * Reads the mounts when older than `freshMs`. Another file system at a mount point gets a new Disk: operations that
   * hang in the old one say nothing about it.
   */
  #lookAtMounts(freshMs: number): void {
    if (performance.now() - this.#mountsReadMs < freshMs) return;
    this.#mountsReadMs = performance.now();
    const mounted = new Map<string, MountedDisk>();
    let isSame = true;
    const last = new Map(this.#readMounts().map((mount) => [mount.point, mount])); // the last at one point
    for (const { point, identity } of last.values()) {
      const known = this.#mounted.get(point);
      const disk = known?.identity === identity ? known.disk : this.#newDisk(point);
      isSame &&= disk === known?.disk;
      mounted.set(point, { point, identity, disk });
    }
    isSame &&= mounted.size === this.#mounted.size;
    if (isSame) return;
    this.#mounted = mounted;
    this.#folders.clear();
  }
}
