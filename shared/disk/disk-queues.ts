import { readlink } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { DiskHangsError } from "./disk-hangs-error.ts";
import { DiskQueue } from "./disk-queue.ts";
import { mountPointOf, readMounts } from "./mount-points.ts";

/** A folder as it lies on its disk. */
interface Home {
  /** Symbolic links followed. */
  path: string;
  queue: DiskQueue;
}

interface MountedDisk {
  identity: string;
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

  /** The queue of the disk that a folder lies on, which need not be there. Throws DiskHangsError where it cannot be told. */
  async of(folder: string): Promise<DiskQueue> {
    this.#lookAtMounts();
    return (this.#homes.get(folder) ?? (await this.#find(folder, MOST_LINKS))).queue;
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
    const point = mountPointOf(path, this.#mounts.keys());
    const known = this.#mounts.get(point);
    if (known !== undefined) return known.queue;
    const queue = new DiskQueue(point);
    this.#mounts.set(point, { identity: "", queue });
    return queue;
  }

  /** What hangs for ever in a file system that was unmounted says nothing of the one that is mounted there now. */
  #lookAtMounts(): void {
    if (performance.now() - this.#mountsReadMs < MOUNTS_FRESH_MS) return;
    this.#mountsReadMs = performance.now();
    const mounts = new Map<string, MountedDisk>();
    let isSame = true;
    for (const { point, identity } of readMounts()) {
      const known = this.#mounts.get(point);
      const queue = known?.identity === identity ? known.queue : new DiskQueue(point);
      isSame &&= queue === known?.queue;
      mounts.set(point, { identity, queue });
    }
    isSame &&= mounts.size === this.#mounts.size;
    if (isSame) return;
    this.#mounts = mounts;
    this.#homes.clear();
  }
}
