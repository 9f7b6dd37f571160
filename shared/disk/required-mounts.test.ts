import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeDirectory, writeAside } from "../store/durable.ts";
import { NotMountedError } from "./not-mounted-error.ts";
import { StoreFiles } from "./store-files.ts";

let files: StoreFiles;
let folder: string;
let mountPoint: string;

const mount = () => execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", mountPoint]); // needs root
const unmount = () => execFileSync("umount", [mountPoint]);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "hindsight-mounts-"));
  mountPoint = join(folder, "disk");
  await mkdir(mountPoint);
  files = new StoreFiles();
  files.disks.requireMounts([mountPoint]);
});
afterEach(() => rm(folder, { recursive: true }));

test("while no disk is mounted where one must be, nothing is read or made there; elsewhere all goes on", async () => {
  const camera = join(mountPoint, "yard");
  await expect(makeDirectory(files, join(camera, "20261124"))).rejects.toThrow(NotMountedError);
  await expect(files.readdir(mountPoint)).rejects.toThrow(`no disk is mounted at ${mountPoint}`);
  await expect(files.statfs(camera)).rejects.toMatchObject({ code: "ENODEV", mountPoint });
  await expect(files.stat(join(mountPoint, "yard.20261124.1433.mp4"))).rejects.toThrow(NotMountedError);
  expect(await readdir(mountPoint)).toEqual([]);
  await makeDirectory(files, join(folder, "elsewhere"));
});

test("a disk that goes is missed by the very next folder that is made, and one that comes is used by it", async () => {
  const camera = join(mountPoint, "yard");
  await expect(makeDirectory(files, camera)).rejects.toThrow(NotMountedError);
  mount();
  try {
    expect(await files.readdir(mountPoint)).toEqual([]);
    await makeDirectory(files, camera);
    await writeAside(files, join(camera, "a.jpg"), (file) => file.writeFile("a"));
    expect(await files.readdir(camera)).toEqual(["a.jpg"]);
  } finally {
    unmount();
  }
  await expect(makeDirectory(files, camera)).rejects.toThrow(NotMountedError);
  expect(await readdir(mountPoint)).toEqual([]);
});
