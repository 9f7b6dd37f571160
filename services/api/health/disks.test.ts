import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { readDisks } from "./disks.ts";

it("tells the space of a disk, and that a directory which is still to come lies on it", async () => {
  const later = join(tmpdir(), "not", "yet", "there");
  const { disks, broken } = await readDisks([tmpdir(), later]);
  expect(broken).toEqual([]);
  expect(disks).toMatchObject([{ directories: [tmpdir(), later].sort(), totalBytes: expect.any(Number) }]);
  expect(disks[0]?.freeBytes).toBeGreaterThan(0);
});

it("takes a file system that does not tell its size for broken: neither for empty nor for full", async () => {
  expect(await readDisks(["/proc"])).toEqual({ disks: [], broken: [{ directory: "/proc", code: "ENODATA" }] });
});
