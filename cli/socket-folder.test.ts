import { chmod, chown, mkdir, mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { findSocketFolder } from "./socket-folder.ts";

const NOBODY = 65_534;

let top: string;
let folder: string;
const made = new Set<string>();

beforeEach(async () => {
  top = await mkdtemp(join(tmpdir(), "hindsight-socket-folder-"));
  folder = join(top, "x".repeat(100));
  await mkdir(folder);
});

afterEach(async () => {
  for (const each of [...made, top]) await rm(each, { recursive: true, force: true });
  made.clear();
});

async function find(): Promise<string> {
  const found = await findSocketFolder(folder, "redis.sock");
  if (!found.startsWith(top)) made.add(found);
  return found;
}

const modeOf = async (path: string) => (await stat(path)).mode & 0o777;

test("a folder of one's own is closed to everybody else", async () => {
  folder = join(top, "short");
  await mkdir(folder);
  await chmod(folder, 0o777);
  expect(await find()).toBe(folder);
  expect(await modeOf(folder)).toBe(0o700);
});

test("a path that is too long gives way to a closed folder of a random name, the same in each run", async () => {
  const found = await find();
  expect(found).toMatch(/\/hindsight-[A-Za-z0-9]{6}$/);
  expect(dirname(found)).toBe(tmpdir());
  expect(await modeOf(found)).toBe(0o700);
  expect(await find()).toBe(found);
});

test("so does another user's folder", async () => {
  folder = join(top, "short");
  await mkdir(folder);
  await chown(folder, NOBODY, NOBODY);
  expect(await find()).not.toBe(folder);
});

test("when that folder has gone, another user's of the same name is not used, nor one that is open", async () => {
  const first = await find();
  await chown(first, NOBODY, NOBODY);
  const second = await find();
  expect(second).not.toBe(first);
  await chmod(second, 0o755);
  expect(await find()).not.toBe(second);
});
