import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { StoreFiles } from "../../../shared/disk/store-files.ts";
import { listCameraDirectories, rememberCameraDirectory } from "../../../shared/store/directories.ts";
import { DirectoryMemory } from "./directory-memory.ts";

const files = new StoreFiles();

vi.mock("../../../shared/store/directories.ts", { spy: true }); // behaves as usual, and counts the calls

const LIMIT = { timeout: 50_000 };

test("directories are remembered once the storage root can be written, and trouble is told once", async () => {
  const folder = await mkdtemp(join(tmpdir(), "hindsight-memory-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const root = join(folder, "root");
  await writeFile(root, ""); // a file in its place
  const error = vi.fn();
  const memory = new DirectoryMemory(files, root, { error } as never, 20);
  const entries = ["yard", "door"].map((camera) => ({ camera, directory: join(folder, camera) }));
  for (const entry of entries) memory.remember(entry);
  await vi.waitUntil(() => vi.mocked(rememberCameraDirectory).mock.calls.length >= 6, LIMIT);
  expect(error.mock.calls.map(([message]) => message)).toEqual([
    expect.stringMatching(/^the list of .* cannot be written/),
  ]);
  expect(memory.problems()).toEqual([expect.stringMatching(/cannot be written: ENOTDIR/)]);
  await rm(root);
  await mkdir(root);
  await vi.waitFor(async () => {
    expect(new Set(await listCameraDirectories(files, root, []))).toEqual(new Set(entries));
    expect(memory.problems()).toEqual([]);
  }, LIMIT);
});
