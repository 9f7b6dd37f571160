import { execFileSync } from "node:child_process";
import { closeSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { HeadThread } from "./head-thread.ts";
import { StoreFiles } from "./store-files.ts";

const HEAD_BYTES = 100;
const files = new StoreFiles();
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "hindsight-heads-"));
  writeFileSync(join(folder, "long"), "0123456789".repeat(50));
  writeFileSync(join(folder, "short"), "abc");
  mkdirSync(join(folder, "folder"));
  symlinkSync("long", join(folder, "link"));
  execFileSync("mkfifo", [join(folder, "fifo")]);
});
afterAll(() => rmSync(folder, { recursive: true }));

it("opens files and reads their beginnings; what is no file, or not there, stands in nobody's way", async () => {
  const names = ["long", "missing", "folder", "link", "short"];
  const paths = names.map((name) => join(folder, name));
  const { files: opened, bytes } = await files.openHeads(
    folder,
    paths,
    HEAD_BYTES,
    new ArrayBuffer(names.length * HEAD_BYTES),
  );
  expect(bytes.byteLength).toBe(names.length * HEAD_BYTES);
  expect(opened.map((file) => file?.head.toString())).toEqual([
    "0123456789".repeat(10),
    undefined,
    undefined,
    undefined,
    "abc",
  ]);
  unlinkSync(join(folder, "long"));
  const rest = await opened[0]?.handle.read(Buffer.alloc(20), 0, 20, 485);
  expect(rest?.buffer.toString("latin1", 0, rest.bytesRead)).toBe("567890123456789");
  await Promise.all(opened.map((file) => file?.handle.close()));
});

it("does not wait for a FIFO that nobody writes to, nor read a device", async () => {
  const paths = [join(folder, "fifo"), "/dev/zero", join(folder, "short")];
  const { files: opened } = await files.openHeads(folder, paths, HEAD_BYTES, new ArrayBuffer(3 * HEAD_BYTES));
  expect(opened.map((file) => file?.head.toString())).toEqual([undefined, undefined, "abc"]);
  expect(opened[2]?.stats).toMatchObject({ size: 3n });
  await Promise.all(opened.map((file) => file?.handle.close()));
});

it("a thread that failed is told of, and a new one goes on", async () => {
  const thread = new HeadThread();
  // More than the buffer holds: a mistake of the caller.
  await expect(thread.read([join(folder, "short")], HEAD_BYTES, new ArrayBuffer(1))).rejects.toThrow(RangeError);
  const { opened } = await thread.read([join(folder, "short")], HEAD_BYTES, new ArrayBuffer(HEAD_BYTES));
  expect(opened[0]?.headBytes).toBe(3);
  closeSync(opened[0]?.fd as number);
});

it("tells what many files are; what is no file, or not there, is nothing", async () => {
  const names = ["short", "missing", "folder", "link", "fifo"];
  const found = await files.identitiesOf(
    folder,
    names.map((name) => join(folder, name)),
  );
  const { ino, size, mtimeNs } = statSync(join(folder, "short"), { bigint: true });
  expect([...found]).toEqual([ino, size, mtimeNs, ...new Array(12).fill(0n)]);
});
