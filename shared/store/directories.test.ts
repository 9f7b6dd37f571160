import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { StoreFiles } from "../disk/store-files.ts";
import { listCameraDirectories, rememberCameraDirectory } from "./directories.ts";

const files = new StoreFiles();

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "directories-"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

describe("the list of camera directories", () => {
  test("holds what is configured now and whatever was ever recorded into, each once", async () => {
    await rememberCameraDirectory(files, root, { camera: "gone", directory: "/mnt/old/gone" });
    await rememberCameraDirectory(files, root, { camera: "yard", directory: "/mnt/old/yard" });
    await rememberCameraDirectory(files, root, { camera: "yard", directory: "/mnt/new/yard/" });
    await rememberCameraDirectory(files, root, { camera: "yard", directory: "/mnt/new/../new/yard" });
    const found = await listCameraDirectories(files, root, [{ camera: "yard", directory: "/mnt/new/yard" }]);
    expect(found[0]).toEqual({ camera: "yard", directory: "/mnt/new/yard" });
    expect(
      found
        .slice(1)
        .map(({ camera, directory }) => `${camera} ${directory}`)
        .sort(),
    ).toEqual(["gone /mnt/old/gone", "yard /mnt/old/yard"]);
  });

  test("two cameras may share a directory", async () => {
    for (const camera of ["a", "b"]) await rememberCameraDirectory(files, root, { camera, directory: "/mnt/shared" });
    expect((await listCameraDirectories(files, root, [])).map((entry) => entry.camera)).toEqual(["a", "b"]);
  });

  test("is empty where nothing was recorded, also when the root does not exist", async () => {
    expect(await listCameraDirectories(files, root, [])).toEqual([]);
    expect(await listCameraDirectories(files, join(root, "none"), [])).toEqual([]);
  });

  test("is kept by services that write at the same time", async () => {
    const entries = Array.from({ length: 60 }, (_, n) => ({ camera: `c${n % 20}`, directory: `/mnt/${n % 20}` }));
    await Promise.all(entries.map((entry) => rememberCameraDirectory(files, root, entry)));
    expect(await listCameraDirectories(files, root, [])).toHaveLength(20);
    expect((await readdir(join(root, ".cameras"))).filter((name) => name.startsWith("."))).toEqual([]);
  });

  test("tells what it cannot read, and reads the rest", async () => {
    await rememberCameraDirectory(files, root, { camera: "good", directory: "/mnt/good" });
    const bad = [
      "",
      "{",
      "null",
      '{"camera":"../x","directory":"/"}',
      '{"camera":"x"}',
      '{"camera":"x","directory":5}',
    ];
    for (const [n, text] of bad.entries()) await writeFile(join(root, ".cameras", `bad${n}.json`), text);
    await writeFile(join(root, ".cameras", ".half.json.0123456789ab.tmp"), "{");
    const unreadable: string[] = [];
    const found = await listCameraDirectories(files, root, [], (path) => unreadable.push(path));
    expect(found).toEqual([{ camera: "good", directory: "/mnt/good" }]);
    expect(unreadable).toHaveLength(bad.length);
  });

  test("an id that is none never becomes a path", async () => {
    await expect(rememberCameraDirectory(files, root, { camera: "../../x", directory: "/mnt/x" })).rejects.toThrow(
      TypeError,
    );
    expect(await readdir(root)).toEqual([]);
  });
});
