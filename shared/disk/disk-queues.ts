import { readlink } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { DiskHangsError } from "./disk-hangs-error.ts";
import { DiskQueue } from "./disk-queue.ts";
import { checkMounted, type Mount, mountOf, readMounts } from "./mount-points.ts";

/** A folder as it lies on its disk. */
interface Home {
  /** Symbolic links followed. */
  path: string;
  queue: DiskQueue;
}

interface MountedDisk extends Mount {
  queue: DiskQueue;
}

/** Where disks are mounted is looked at so often. */
const MOUNTS_FRESH_MS = 5000;
const FOLDERS_KEPT = 10_000;
/** As many as the kernel follows (path_resolution(7)). */
const MOST_LINKS = 40;

/** The queues of all disks, found by path without asking one disk in another's queue. */
export class DiskQueues {
  #mounts = new Map<string, MountedDisk>();
  #mountsReadMs = Number.NEGATIVE_INFINITY;
  readonly #homes = new Map<string, Home>();
  readonly #finding = new Map<string, Promise<Home>>();
  #mountPoints: readonly string[] = [];
  /** Told once of each disk whose folders cannot be synced. */
  onFoldersNotSynced: (mountPoint: string) => void = () => {};

  /** From now on what lies below one of these folders is there only while a disk is mounted at it: see checkMounted. */
  requireMounts(mountPoints: readonly string[]): void {
    this.#mountPoints = mountPoints;
  }

  /** Where the disks are mounted whose folders cannot be synced, as far as that was tried. */
  foldersNotSynced(): string[] {
    return [...this.#mounts.values()].filter(({ queue }) => !queue.syncsFolders).map(({ point }) => point);
  }

  /**
   * The queue of the disk that a folder lies on, which need not be there. Throws DiskHangsError where it cannot be told, and
   * NotMountedError when another disk must be mounted there. `isFresh` looks at what is mounted at this moment.
   */
  async of(folder: string, isFresh = false): Promise<DiskQueue> {
    this.#lookAtMounts(isFresh ? 0 : MOUNTS_FRESH_MS);
    const home = this.#homes.get(folder) ?? (await this.#find(folder, MOST_LINKS));
    try {
      checkMounted([folder, home.path], home.queue.mountPoint, this.#mountPoints);
    } catch (error) {
      if (isFresh) throw error;
      return this.of(folder, true); // it may have been mounted just now
    }
    return home.queue;
  }

  async #find(folder: string, linksLeft: number): Promise<Home> {
    const known = this.#homes.get(folder);
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

  async #follow(folder: string, linksLeft: number): Promise<Home> {
    const readMs = this.#mountsReadMs;
    const above = dirname(folder);
    if (above === folder) return { path: folder, queue: this.#at(folder) };
    const { path: parent } = await this.#find(above, linksLeft);
    const path = join(parent, basename(folder));
    const queue = this.#at(path);
    const target = await queue
      .run("ask", () => readlink(path))
      .catch((error: unknown) => {
        if (error instanceof DiskHangsError) throw error;
        return undefined; // no link, or not there, or nothing that can be looked at
      });
    const home =
      target === undefined || linksLeft === 0
        ? { path, queue }
        : await this.#find(resolve(parent, target), linksLeft - 1);
    if (this.#homes.size >= FOLDERS_KEPT) this.#homes.clear();
    if (readMs === this.#mountsReadMs) this.#homes.set(folder, home);
    return home;
  }

  #at(path: string): DiskQueue {
    const known = mountOf(path, this.#mounts.values());
    if (known !== undefined) return known.queue;
    const queue = new DiskQueue("/");
    this.#mounts.set("/", { point: "/", identity: "", queue });
    return queue;
  }

  /** What hangs for ever in a file system that was unmounted says nothing of the one that is mounted there now. */
  #lookAtMounts(freshMs: number): void {
    if (performance.now() - this.#mountsReadMs < freshMs) return;
    this.#mountsReadMs = performance.now();
    const mounts = new Map<string, MountedDisk>();
    let isSame = true;
    const last = new Map(readMounts().map((mount) => [mount.point, mount])); // of several over one another
    for (const { point, identity } of last.values()) {
      const known = this.#mounts.get(point);
      const queue = known?.identity === identity ? known.queue : new DiskQueue(point);
      isSame &&= queue === known?.queue;
      mounts.set(point, { point, identity, queue });
    }
    isSame &&= mounts.size === this.#mounts.size;
    if (isSame) return;
    this.#mounts = mounts;
    this.#homes.clear();
  }
}
