import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { StoreFiles } from "../../../shared/disk/store-files.ts";
import { NOT_MOUNTED, readDisks } from "./disks.ts";

const files = new StoreFiles();

it("tells the space of a disk, and that a directory which is still to come lies on it", async () => {
  const later = join(tmpdir(), "not", "yet", "there");
  const { disks, broken } = await readDisks(files, [tmpdir(), later]);
  expect(broken).toEqual([]);
  expect(disks).toMatchObject([{ directories: [tmpdir(), later].sort(), totalBytes: expect.any(Number) }]);
  expect(disks[0]?.freeBytes).toBeGreaterThan(0);
});

it("takes a file system that does not tell its size for broken: neither for empty nor for full", async () => {
  expect(await readDisks(files, ["/proc", "/proc/hindsight/a"])).toEqual({
    disks: [],
    broken: [{ directory: "/proc", code: "ENODATA" }],
  });
});

it("says what stands in the way of a directory, and that once for all directories", async () => {
  const root = await mkdtemp(join(tmpdir(), "hindsight-disks-"));
  try {
    await writeFile(join(root, "file"), "");
    await symlink("nowhere", join(root, "dangling"));
    await symlink("circle", join(root, "circle"));
    const broken = async (...paths: string[]) =>
      (
        await readDisks(
          files,
          paths.map((path) => join(root, path)),
        )
      ).broken;
    expect(await broken("file", "file/a", "file/b")).toEqual([{ directory: join(root, "file"), code: "ENOTDIR" }]);
    const dangling = [{ directory: join(root, "dangling"), code: "ENOLINK" }];
    expect(await broken("dangling", "dangling/a", "dangling/b/c")).toEqual(dangling);
    expect(await broken("circle/a")).toEqual([{ directory: join(root, "circle/a"), code: "ELOOP" }]);
    await rm(join(root, "file"));
    expect(await broken("file/a")).toEqual([]);
  } finally {
    await rm(root, { recursive: true });
  }
});

it("tells of a mount point at which nothing is mounted, once for all directories below it", async () => {
  const root = await mkdtemp(join(tmpdir(), "hindsight-disks-"));
  const files = new StoreFiles();
  files.disks.requireMounts([root]);
  try {
    const { disks, broken } = await readDisks(files, [join(root, "yard"), join(root, "door")]);
    expect(disks).toEqual([]);
    expect(broken).toEqual([{ directory: root, code: NOT_MOUNTED }]);
  } finally {
    await rm(root, { recursive: true });
  }
});
