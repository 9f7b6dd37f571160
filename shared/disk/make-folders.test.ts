import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeFolders } from "./make-folders.ts";
import { StoreFiles } from "./store-files.ts";

const files = new StoreFiles();
let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "make-folders-"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

test("makes what is missing, and says which is the topmost that it made", async () => {
  expect(await makeFolders(files, join(root, "a", "b", "c"))).toBe(join(root, "a"));
  expect(existsSync(join(root, "a", "b", "c"))).toBe(true);
  expect(await makeFolders(files, join(root, "a", "b", "d"))).toBe(join(root, "a", "b", "d"));
  expect(await makeFolders(files, join(root, "a", "b"))).toBeUndefined();
  expect(await readdir(join(root, "a", "b"))).toEqual(["c", "d"]);
});

test("follows links to folders", async () => {
  await mkdir(join(root, "disk"));
  await symlink("disk", join(root, "link"));
  expect(await makeFolders(files, join(root, "link"))).toBeUndefined();
  expect(await makeFolders(files, join(root, "link", "a"))).toBe(join(root, "link", "a"));
  expect(await readdir(join(root, "disk"))).toEqual(["a"]);
});

test("says what is wrong, at once, where no folder can be made", async () => {
  await writeFile(join(root, "file"), "");
  await symlink("nowhere", join(root, "dangling"));
  const refused = (path: string) => makeFolders(files, path).catch((error: Error) => error.message);
  expect(await refused("/proc/hindsight/a")).toBe("ENOENT: no folder can be made in /proc");
  expect(await refused(join(root, "file"))).toBe(`ENOTDIR: ${root}/file is not a folder`);
  expect(await refused(join(root, "file", "a"))).toMatch(/^ENOTDIR: /);
  expect(await refused(join(root, "dangling"))).toBe(`ENOENT: ${root}/dangling is a link to nothing`);
  expect(await refused(join(root, "dangling", "a"))).toBe(`ENOENT: ${root}/dangling is a link to nothing`);
  expect(await refused(join(root, "x".repeat(256), "a"))).toMatch(/^ENAMETOOLONG: /);
});

test("two that make the same folders at once both succeed", async () => {
  const folder = join(root, "a", "b", "c");
  await Promise.all([
    makeFolders(files, folder),
    makeFolders({ mkdir, statFolder: stat }, folder),
    makeFolders(files, folder),
  ]);
  expect(existsSync(folder)).toBe(true);
});
