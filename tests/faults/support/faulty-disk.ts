import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { until } from "../../support/fleet.ts";

const run = promisify(execFile);
const SCRIPT = join(import.meta.dirname, "faulty-disk.py");

/** A disk of one test that can be made to fail and to work again. */
export interface TestDisk {
  readonly mountPoint: string;
  /** Removes it in any state, and leaves no process and no mount behind. */
  remove(): Promise<void>;
}

/** A disk whose every operation can be made to fail, or hang as on a network share whose server is gone (FUSE). */
export class FaultyDisk implements TestDisk {
  readonly mountPoint: string;
  /** The real folder of its files, which is accessible while the disk fails. */
  readonly backing: string;
  readonly #faults: string;
  readonly #child: ChildProcess;

  private constructor(mountPoint: string, backing: string, faults: string, child: ChildProcess) {
    this.mountPoint = mountPoint;
    this.backing = backing;
    this.#faults = faults;
    this.#child = child;
  }

  static async create(folder: string, name: string): Promise<FaultyDisk> {
    const [backing, mountPoint, faults] = [`${name}.files`, name, `${name}.faults`].map((each) => join(folder, each));
    if (backing === undefined || mountPoint === undefined || faults === undefined) throw new Error("no names");
    await mkdir(backing);
    await mkdir(mountPoint);
    await writeFile(faults, "");
    const args = [SCRIPT, backing, mountPoint, faults];
    const child = spawn("/usr/bin/python3", args, { stdio: ["ignore", "ignore", "inherit"] });
    const disk = new FaultyDisk(mountPoint, backing, faults, child);
    await until(`${mountPoint} to be mounted`, 15_000, async () => {
      if (child.exitCode !== null) throw new Error("the faulty disk ended: are python3-fusepy and /dev/fuse there?");
      return (await stat(mountPoint)).dev !== (await stat(backing)).dev;
    });
    return disk;
  }

  /** @param faults lines such as "write EIO" or "all hang"; without any the disk works */
  async fail(...faults: string[]): Promise<void> {
    await writeFile(this.#faults, faults.join("\n"));
  }

  async remove(): Promise<void> {
    await this.fail();
    await run("umount", ["--lazy", this.mountPoint]);
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const exited = once(this.#child, "exit");
      this.#child.kill("SIGKILL"); // the kernel then ends whatever still waits for it
      await exited;
    }
  }
}

/** A real ext4 in a file. */
export class LoopDisk implements TestDisk {
  readonly mountPoint: string;
  readonly #image: string;

  private constructor(mountPoint: string, image: string) {
    this.mountPoint = mountPoint;
    this.#image = image;
  }

  static async create(folder: string, name: string): Promise<LoopDisk> {
    const disk = new LoopDisk(join(folder, name), join(folder, `${name}.img`));
    await mkdir(disk.mountPoint);
    await run("truncate", ["--size", "32M", disk.#image]);
    await run("mkfs.ext4", ["-q", disk.#image]);
    await disk.mount();
    return disk;
  }

  async mount(): Promise<void> {
    await run("mount", ["-o", "loop,errors=remount-ro", this.#image, this.mountPoint]);
  }

  /** As when a disk is unplugged: open files stay usable, and the mount point is an empty folder. */
  async unmount(): Promise<void> {
    await run("umount", ["--lazy", this.mountPoint]);
  }

  /** The kernel finds an error and makes the file system read-only, open files and all. */
  async breakDown(): Promise<void> {
    const device = await this.#loopDevice();
    await writeFile(`/sys/fs/ext4/${device}/trigger_fs_error`, "1");
  }

  /** What an administrator does after that. */
  async repair(): Promise<void> {
    const device = await this.#loopDevice();
    await this.unmount();
    await until("nobody to hold the broken file system", 20_000, async () => {
      return (await stat(`/sys/fs/ext4/${device}`).catch(() => undefined)) === undefined;
    });
    await run("fsck.ext4", ["-f", "-y", this.#image]).catch((error: { code?: number }) => {
      if (error.code !== 1) throw error; // 1: errors were corrected
    });
    await this.mount();
  }

  async remove(): Promise<void> {
    if ((await this.#mount()) !== undefined) await this.unmount();
  }

  async #mount(): Promise<string[] | undefined> {
    const mounts = (await readFile("/proc/self/mounts", "utf8")).split("\n").map((line) => line.split(" "));
    return mounts.findLast(([, mountPoint]) => mountPoint === this.mountPoint);
  }

  async #loopDevice(): Promise<string> {
    const device = (await this.#mount())?.[0];
    if (device === undefined) throw new Error(`${this.mountPoint} is not mounted`);
    return device.replace("/dev/", "");
  }
}
