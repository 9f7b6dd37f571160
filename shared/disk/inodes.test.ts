import { expect, test } from "vitest";
import { inodeGoal, inodesOf, isOutOfInodes, reservedInodes } from "./inodes.ts";

const EXT4 = 0xef53;
const FUSE = 0x65735546;

test.each([
  ["btrfs, which makes them when they are needed", { type: 0x9123683e, files: 0, ffree: 0 }],
  ["CephFS, which tells of more free ones than there are", { type: 0xc36400, files: 1000, ffree: 2 ** 64 }],
  ["a FUSE file system that tells how many files it has, and of no free ones", { type: FUSE, files: 1000, ffree: 0 }],
  ["such a one that a server exports by NFS", { type: 0x6969, files: 1000, ffree: 0 }],
  ["such a one that a server exports by SMB", { type: 0xfe534d42, files: 1000, ffree: 0 }],
])("%s has no limit of inodes", (_, stats) => {
  expect(inodesOf(stats)).toBeUndefined();
  expect(isOutOfInodes({ ...stats, bsize: 4096, bavail: 1 })).toBe(false);
});

test("a file system that tells of its inodes is out of them when few are left, and of bytes when none of those are", () => {
  expect(inodesOf({ type: EXT4, files: 1000, ffree: 0 })).toEqual({ free: 0, total: 1000 });
  expect(inodesOf({ type: FUSE, files: 1000, ffree: 1 })).toEqual({ free: 1, total: 1000 });
  const stats = { type: EXT4, files: 1000, ffree: 0, bsize: 4096, bavail: 1 };
  expect(isOutOfInodes(stats)).toBe(true);
  expect(isOutOfInodes({ ...stats, ffree: 100 })).toBe(false);
  expect(isOutOfInodes({ ...stats, bavail: 0 })).toBe(false);
});

test("the reaper keeps more free than the recorder leaves, and of a disk with few never most of them", () => {
  for (const total of [16, 100, 1000, 4096, 1e6, 1e9]) {
    const inodes = { free: 0, total };
    expect(inodeGoal(inodes)).toBeGreaterThan(reservedInodes(inodes));
    expect(inodeGoal(inodes)).toBeLessThanOrEqual(Math.min(1024, total / 4));
  }
});
