import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Disks } from "./disks.ts";
import { StoreFiles } from "./store-files.ts";

let root: string;
/** A mount point with a name like that of a file. */
let mountPoint: string;
let disks: Disks;
let files: StoreFiles;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "hindsight-disks-"));
  mountPoint = join(root, "disk.1");
  await mkdir(join(mountPoint, "yard.old"), { recursive: true });
  await writeFile(join(mountPoint, "yard.mp4"), "yard");
  await writeFile(join(mountPoint, "mark"), "");
  await symlink("disk.1", join(root, "link.d"));
  disks = new Disks(() => [
    { point: "/", identity: "1 8:1" },
    { point: mountPoint, identity: "2 8:2" },
  ]);
  files = new StoreFiles(disks);
});
afterEach(() => rm(root, { recursive: true }));

/** Occupies all operations that the disk may do at a time; returns a function that releases them. */
async function hold(): Promise<() => void> {
  const disk = await disks.ofFolder(mountPoint);
  let letGo = () => {};
  const held = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  for (let n = 0; n < 3; n++) void disk.run("ask", () => held);
  return letGo;
}

/** Whether an operation is answered while the mounted disk does nothing. */
async function isAnsweredMeanwhile(operation: () => Promise<unknown>): Promise<boolean> {
  const letGo = await hold();
  let isAnswered = false;
  const done = operation().then(() => {
    isAnswered = true;
  });
  for (let n = 0; n < 20; n++) await files.lstat(root); // enough answers of the other disk meanwhile
  const answered = isAnswered;
  letGo();
  await done;
  return answered;
}

test("a folder is one because the caller says so: a mount point whose name has a dot is its own disk", async () => {
  for (const folder of [mountPoint, join(root, "link.d"), join(mountPoint, "yard.old"), join(mountPoint, "new.d")]) {
    expect(await disks.mountPointUnder(folder), folder).toBe(mountPoint);
  }
  expect(await disks.mountPointUnder(root)).toBe("/");
  expect(await disks.mountPointUnder(join(root, "disk.2"))).toBe("/");
});

test("an entry lies on the disk that holds it: a link on that of its folder, a mount point on what is mounted there", async () => {
  const mountPointOf = async (path: string) => (await disks.ofEntry(path)).mountPoint;
  expect(await mountPointOf(join(root, "link.d"))).toBe("/");
  expect(await mountPointOf(mountPoint)).toBe(mountPoint);
  expect(await mountPointOf(join(root, "link.d", "yard.mp4"))).toBe(mountPoint);
  expect(await mountPointOf(join(mountPoint, "mark"))).toBe(mountPoint);
  expect(await mountPointOf(join(root, "disk.2"))).toBe("/");
});

test.each<[string, () => Promise<unknown>]>([
  ["readdir of the mount point", () => files.readdir(mountPoint)],
  ["statfs of the mount point", () => files.statfs(mountPoint)],
  ["statFolder of a link to it", () => files.statFolder(join(root, "link.d"))],
  ["syncFolder of the mount point", () => files.syncFolder(mountPoint)],
  ["mkdir below it", () => files.mkdir(join(mountPoint, "20261124"))],
  ["lstat of the mount point", () => files.lstat(mountPoint)],
  ["open of a file without an extension", async () => (await files.open(join(mountPoint, "mark"))).close()],
  ["readFile of a file", () => files.readFile(join(root, "link.d", "yard.mp4"))],
])("%s waits for the disk that is mounted there, and not in another's queue", async (_what, operation) => {
  expect(await isAnsweredMeanwhile(operation)).toBe(false);
});

test("what is asked of the other disk does not wait for it", async () => {
  expect(await isAnsweredMeanwhile(() => files.readdir(root))).toBe(true);
  expect(await isAnsweredMeanwhile(() => files.lstat(join(root, "link.d")))).toBe(true);
});
