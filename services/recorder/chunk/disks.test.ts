import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Disk } from "./disk.ts";
import { DiskGoneError, Disks } from "./disks.ts";

let folder: string;
let mountPoint: string;
let isMounted: boolean;

const mount = () => {
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", mountPoint]); // needs root, and fails without
  isMounted = true;
};
const unmount = () => {
  execFileSync("umount", ["--lazy", mountPoint]);
  isMounted = false;
};

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "hindsight disks-")); // a blank is an octal escape in mountinfo
  mountPoint = join(folder, "disk");
  isMounted = false;
  await mkdir(mountPoint);
});
afterEach(async () => {
  if (isMounted) unmount();
  await rm(folder, { recursive: true });
});

const disksOf = (roomWanted: (directory: string) => void = () => {}) => new Disks({ reserveBytes: 0, roomWanted });

describe("Disks", () => {
  test("directories on one mount share its disk, those on another have another, and links are followed", async () => {
    mount();
    await mkdir(join(mountPoint, "footage"));
    await symlink(join(mountPoint, "footage"), join(folder, "link"));
    const disks = disksOf();
    const disk = await disks.of(join(mountPoint, "a"));
    expect(disk.mountPoint).toBe(mountPoint);
    expect(await disks.of(join(mountPoint, "not", "there", "yet"))).toBe(disk);
    expect(await disks.of(join(folder, "link", "b"))).toBe(disk);
    expect(await disks.of(join(folder, "c"))).not.toBe(disk);
  });

  test("a disk that is no longer mounted is an error, until it is mounted again", async () => {
    mount();
    const disks = disksOf();
    const directory = join(mountPoint, "yard");
    const disk = await disks.of(directory);
    unmount();
    await expect(disks.of(directory)).rejects.toThrow(DiskGoneError);
    mount();
    expect(await disks.of(directory)).toBe(disk);
  });

  test("a disk that is mounted late is recorded to from then on", async () => {
    const disks = disksOf();
    const directory = join(mountPoint, "yard");
    const before = await disks.of(directory);
    mount();
    const after = await disks.of(directory);
    expect(after.mountPoint).toBe(mountPoint);
    expect(before.mountPoint).not.toBe(mountPoint);
    unmount();
    await expect(disks.of(directory)).rejects.toThrow(DiskGoneError);
  });

  test("of cameras that meet a full disk together one asks for room", async () => {
    mount();
    const asked: string[] = [];
    const disks = disksOf((directory) => asked.push(directory));
    for (const camera of ["a", "b", "c"]) await disks.of(join(mountPoint, camera));
    for (const camera of ["a", "b", "c"]) disks.full(join(mountPoint, camera));
    expect(asked).toEqual([join(mountPoint, "a")]);
  });
});

test("a disk that never answers holds three threads, however much waits for it", async () => {
  const disk = new Disk("/nowhere");
  let started = 0;
  const hang = () => {
    started++;
    return new Promise<void>(() => {});
  };
  for (let n = 0; n < 20; n++) {
    void disk.write(hang);
    void disk.sync(hang);
  }
  await new Promise((resolve) => setImmediate(resolve));
  expect(started).toBe(3);
});

test("operations on a disk run in the order in which they come, those that fail too, and each gives its result", async () => {
  const disk = new Disk("/nowhere");
  const begun: number[] = [];
  const results = await Promise.allSettled(
    Array.from({ length: 6 }, (_, n) =>
      disk.write(async () => {
        begun.push(n);
        await new Promise((resolve) => setImmediate(resolve));
        if (n % 2 === 0) throw new Error(`no ${n}`);
        return n;
      }),
    ),
  );
  expect(begun).toEqual([0, 1, 2, 3, 4, 5]);
  expect(results.map((result) => (result.status === "fulfilled" ? result.value : String(result.reason)))).toEqual([
    "Error: no 0",
    1,
    "Error: no 2",
    3,
    "Error: no 4",
    5,
  ]);
});
