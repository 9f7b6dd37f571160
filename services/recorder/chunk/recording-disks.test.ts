import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, open, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Disk } from "../../../shared/disk/disk.ts";
import { Disks } from "../../../shared/disk/disks.ts";
import { RecordingDisk } from "./recording-disk.ts";
import { DiskGoneError, RecordingDisks } from "./recording-disks.ts";

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
  asked = [];
  disks = new Disks();
  recording = new RecordingDisks({ disks, reserveBytes: 0, roomWanted: (directory) => asked.push(directory) });
});
afterEach(async () => {
  if (isMounted) unmount();
  await rm(folder, { recursive: true });
});

let disks: Disks;
let recording: RecordingDisks;
let asked: string[];

describe("RecordingDisks", () => {
  test("directories on one mount share its disk, those on another have another, and links are followed", async () => {
    mount();
    await mkdir(join(mountPoint, "footage"));
    await symlink(join(mountPoint, "footage"), join(folder, "link"));
    const disk = await recording.of(join(mountPoint, "a"));
    expect(disk.disk.mountPoint).toBe(mountPoint);
    expect(await recording.of(join(mountPoint, "not", "there", "yet"))).toBe(disk);
    expect(await recording.of(join(folder, "link", "b"))).toBe(disk);
    expect(await recording.of(join(folder, "c"))).not.toBe(disk);
  });

  test("a disk that is no longer mounted is an error, until it is mounted again", async () => {
    mount();
    const directory = join(mountPoint, "yard");
    expect((await recording.of(directory)).disk.mountPoint).toBe(mountPoint);
    unmount();
    await expect(recording.of(directory)).rejects.toThrow(DiskGoneError);
    disks.requireMounts([mountPoint]); // DiskGoneError then, too
    await expect(recording.of(directory)).rejects.toThrow(DiskGoneError);
    mount();
    expect((await recording.of(directory)).disk.mountPoint).toBe(mountPoint);
  });

  test("what hangs for ever on a disk holds up nothing on the one that is mounted in its place", async () => {
    mount();
    const directory = join(mountPoint, "yard");
    const gone = await recording.of(directory);
    for (let n = 0; n < 3; n++) {
      void gone.write(() => new Promise(() => {}));
      void gone.sync(() => new Promise(() => {}));
    }
    const held = await open(mountPoint, "r"); // as a hung operation keeps the file system in use
    unmount();
    mount();
    const disk = await recording.of(directory);
    expect(await disk.write(async () => "written")).toBe("written");
    expect(await disk.sync(async () => "synced")).toBe("synced");
    expect(await recording.of(join(mountPoint, "another"))).toBe(disk);
    await held.close();
  });

  test("where a disk must be mounted there is none until it is, by whichever way it is called", async () => {
    const directory = join(mountPoint, "yard");
    await symlink(directory, join(folder, "link"));
    disks.requireMounts([mountPoint]);
    for (const path of [directory, join(folder, "link"), join(folder, "link", "deep"), mountPoint]) {
      await expect(recording.of(path), path).rejects.toThrow(`no disk is mounted at ${mountPoint}`);
    }
    expect((await recording.of(join(folder, "elsewhere"))).disk.mountPoint).not.toBe(mountPoint);
    expect((await recording.of(`${mountPoint}2`)).disk.mountPoint).not.toBe(mountPoint);
    mount();
    expect((await recording.of(directory)).disk.mountPoint).toBe(mountPoint);
    expect((await recording.of(join(folder, "link"))).disk.mountPoint).toBe(mountPoint);
  });

  test("a disk that is mounted below the folder that was named counts", async () => {
    mount();
    disks.requireMounts([folder]);
    expect((await recording.of(join(mountPoint, "yard"))).disk.mountPoint).toBe(mountPoint);
    await expect(recording.of(join(folder, "yard"))).rejects.toThrow("no disk is mounted");
  });

  test("a mount that is required from now on is, also of a directory that was recorded to", async () => {
    const directory = join(mountPoint, "yard");
    await recording.of(directory);
    disks.requireMounts([mountPoint]);
    await expect(recording.of(directory)).rejects.toThrow("no disk is mounted");
    disks.requireMounts([]);
    expect((await recording.of(directory)).disk.mountPoint).not.toBe(mountPoint);
  });

  test("a disk that is mounted late is recorded to from then on", async () => {
    const directory = join(mountPoint, "yard");
    const before = await recording.of(directory);
    mount();
    const after = await recording.of(directory);
    expect(after.disk.mountPoint).toBe(mountPoint);
    expect(before.disk.mountPoint).not.toBe(mountPoint);
    unmount();
    await expect(recording.of(directory)).rejects.toThrow(DiskGoneError);
  });

  test("of cameras that meet a full disk together one asks for room", async () => {
    mount();
    for (const camera of ["a", "b", "c"]) await recording.of(join(mountPoint, camera));
    for (const camera of ["a", "b", "c"]) recording.full(join(mountPoint, camera));
    expect(asked).toEqual([join(mountPoint, "a")]);
  });
});

test("a disk that never answers holds three threads, however much waits for it", async () => {
  const disk = new RecordingDisk(new Disk("/nowhere"));
  let started = 0;
  const hang = () => {
    started++;
    return new Promise<void>(() => {});
  };
  for (let n = 0; n < 20; n++) {
    void disk.write(hang);
    void disk.sync(hang);
    disk.disk.run("ask", hang).catch(() => {}); // as other operations of the process on this disk
  }
  await new Promise((resolve) => setImmediate(resolve));
  expect(started).toBe(3);
});

test("operations on a disk run in the order in which they come, those that fail too, and each gives its result", async () => {
  const disk = new RecordingDisk(new Disk("/nowhere"));
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
