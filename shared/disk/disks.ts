import { readlink } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { Disk } from "./disk.ts";
import { DiskHangsError } from "./disk-hangs-error.ts";
import { checkMounted, type Mount, mountOf, readMounts } from "./mount-points.ts";

/** Where something lies. */
interface Place {
  /** Symbolic links followed. */
  path: string;
  disk: Disk;
}

interface MountedDisk extends Mount {
  disk: Disk;
}

/** Where disks are mounted is looked at so often. */
const MOUNTS_FRESH_MS = 5000;
const FOLDERS_KEPT = 10_000;
/** As many as the kernel follows (path_resolution(7)). */
const MOST_LINKS = 40;

/**
 * The disks that are mounted, found by absolute path without asking one disk in another's queue. A process makes it once: what
 * a disk may hold of its threads counts for all that is done on it.
 */
export class Disks {
  readonly #readMounts: () => Mount[];
  /** By mount point. */
  #mounted = new Map<string, MountedDisk>();
  #mountsReadMs = Number.NEGATIVE_INFINITY;
  readonly #folders = new Map<string, Place>();
  readonly #finding = new Map<string, Promise<Place>>();
  #requiredMounts: readonly string[] = [];
  /** Told once of each disk whose folders cannot be synced. */
  onFoldersNotSynced: (mountPoint: string) => void = () => {};

  constructor(read: () => Mount[] = readMounts) {
    this.#readMounts = read;
  }

  /** From now on what lies below one of these folders (`storage.mountPoints`) is there only while a disk is mounted at it. */
  requireMounts(mountPoints: readonly string[]): void {
    this.#requiredMounts = mountPoints;
  }

  /** Where the disks are mounted whose folders cannot be synced, as far as this process has tried. */
  foldersNotSynced(): string[] {
    return [...this.#mounted.values()].filter(({ disk }) => !disk.syncsFolders).map(({ point }) => point);
  }

  /**
   * The disk on which lies what a folder holds: where the folder is a link, what it leads to. The folder need not be there.
   * Throws DiskHangsError where it cannot be told, and NotMountedError when another disk must be mounted there. `isFresh` looks
   * at what is mounted at this moment.
   */
  ofFolder(folder: string, isFresh = false): Promise<Disk> {
    return this.#check(folder, () => this.#find(folder, MOST_LINKS), isFresh);
  }

  /**
   * The disk on which lies what a path names: a file, or a link or folder itself, and not what a link leads to. Throws as
   * `ofFolder` does.
   */
  ofEntry(path: string, isFresh = false): Promise<Disk> {
    return this.#check(path, () => this.#findEntry(path, MOST_LINKS), isFresh);
  }

  /** Where the disk is mounted that holds a folder. Throws DiskHangsError where it cannot be told. */
  async mountPointUnder(folder: string): Promise<string> {
    return (await this.ofFolder(folder)).mountPoint;
  }

  /** Whether the file system that a disk stands for is mounted at this moment, and nothing else in its place. */
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
      return this.#check(path, find, true); // it may have been mounted just now
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

  /** Of the folders above alone are links followed. */
  async #findEntry(path: string, linksLeft: number): Promise<Place> {
    const above = dirname(path);
    if (above === path) return { path, disk: this.#at(path) };
    const parent = await this.#find(above, linksLeft);
    const place = join(parent.path, basename(path));
    return { path: place, disk: this.#mounted.get(place)?.disk ?? parent.disk };
  }

  /** Undefined for what is no link, or not there, or nothing that can be looked at. */
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

  /** What hangs for ever in a file system that was unmounted says nothing of the one that is mounted there now. */
  #lookAtMounts(freshMs: number): void {
    if (performance.now() - this.#mountsReadMs < freshMs) return;
    this.#mountsReadMs = performance.now();
    const mounted = new Map<string, MountedDisk>();
    let isSame = true;
    const last = new Map(this.#readMounts().map((mount) => [mount.point, mount])); // of several over one another
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
