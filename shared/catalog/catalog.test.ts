import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import winston from "winston";
import { StoreFixture } from "../../tests/support/store-fixture.ts";
import { StoreFiles } from "../disk/store-files.ts";
import { rememberCameraDirectory } from "../store/directories.ts";
import { minutePath } from "../store/names.ts";
import { Catalog } from "./catalog.ts";
import { Has, indexOf, minuteOf } from "./day-index.ts";
import { FolderCache } from "./folder-cache.ts";

const files = new StoreFiles();

const logger = winston.createLogger({ silent: true });
let store: StoreFixture;
let catalog: Catalog;

beforeEach(() => {
  store = new StoreFixture();
  catalog = new Catalog(files, store.config, logger);
});
afterEach(() => store.remove());

async function minutes(camera: string, day: string, wanted: number = Has.mp4): Promise<string[]> {
  return (await catalog.day(camera, day)).flatMap((index) => Array.from(index.minutes(wanted), ({ minute }) => minute));
}

describe("Catalog", () => {
  it("lists what is there: converted minutes, chunks and their parts, of this camera and day only", async () => {
    store.minute("front-door", "20261124.1433");
    store.chunk("front-door", "20261124.1435");
    store.chunk("front-door", "20261124.1435", 10);
    store.chunk("front-door", "20261124.1435", 2);
    const folder = join(store.directory("front-door"), "20261124");
    for (const stray of ["back_yard-2.20261124.1433.mp4", "front-door.20261123.1433.mp4", ".x.tmp", "notes.txt"]) {
      store.write(join(folder, stray), "");
    }
    expect(await minutes("front-door", "20261124")).toEqual(["20261124.1433"]);
    expect(await minutes("front-door", "20261124", Has.chunk)).toEqual(["20261124.1435"]);
    const [index] = await catalog.day("front-door", "20261124");
    expect(index?.chunkParts(indexOf("20261124.1435"))).toEqual([1, 2, 10]);
  });

  it("never reads the folder of a day again that has not changed", async () => {
    store.minute("front-door", "20261124.1433");
    store.settle("front-door", "20261124.1433");
    for (let i = 0; i < 5; i++) await minutes("front-door", "20261124");
    expect(catalog.folderReads).toBe(1);
  });

  it("shows a new minute at once, also one written in the tick in which the folder was read", async () => {
    for (let i = 0; i < 50; i++) {
      const minute = minuteOf("20261124", i);
      store.minute("front-door", minute);
      expect((await minutes("front-door", "20261124")).at(-1)).toBe(minute);
    }
  });

  it("does not keep what it read of a folder that was changed within the last two seconds", async () => {
    // On a file system with a coarse clock, a second change would get the same modification time.
    store.minute("front-door", "20261124.1433");
    await minutes("front-door", "20261124");
    await minutes("front-door", "20261124");
    expect(catalog.folderReads).toBe(2);
  });

  it("notices an mp4 that was replaced by one with a late part merged in", async () => {
    store.minute("front-door", "20261124.1433", 100);
    store.settle("front-door", "20261124.1433");
    const sizes = async () =>
      (await (await catalog.day("front-door", "20261124"))[0]?.sizes(files))?.[indexOf("20261124.1433")];
    expect(await sizes()).toBe(100);
    const path = minutePath(store.directory("front-door"), "front-door", "20261124.1433", "mp4");
    writeFileSync(`${path}.new`, "x".repeat(300));
    renameSync(`${path}.new`, path);
    expect(await sizes()).toBe(300);
  });

  it("finds footage of removed cameras and in the directories a camera had before", async () => {
    const old = join(store.root, "old disk");
    await rememberCameraDirectory(files, store.root, { camera: "gone", directory: join(old, "gone") });
    await rememberCameraDirectory(files, store.root, { camera: "front-door", directory: join(old, "front-door") });
    store.minute("gone", "20261124.1433", 10, join(old, "gone"));
    store.minute("front-door", "20261124.1433", 10, join(old, "front-door"));
    store.minute("front-door", "20261124.1434");
    expect([...(await catalog.cameras()).keys()]).toEqual(["front-door", "back_yard-2", "gone"]);
    expect(await minutes("gone", "20261124")).toEqual(["20261124.1433"]);
    expect((await minutes("front-door", "20261124")).sort()).toEqual(["20261124.1433", "20261124.1434"]);
  });

  it("finds a camera's other directory a second after it was remembered, and a new camera at once", async () => {
    await rememberCameraDirectory(files, store.root, { camera: "gone", directory: join(store.root, "gone") });
    store.age(join(store.root, ".cameras"), 60);
    await catalog.cameras();
    const old = join(store.root, "old disk");
    await rememberCameraDirectory(files, store.root, { camera: "gone", directory: old });
    await vi.waitFor(async () => expect(await catalog.directories("gone")).toContain(old), 2000);
    store.age(join(store.root, ".cameras"), 30);
    await catalog.cameras();
    await rememberCameraDirectory(files, store.root, { camera: "other", directory: old });
    expect(await catalog.directories("other")).toEqual([old]);
  });

  it("notices a camera that was remembered, or configured, while it runs", async () => {
    expect(await catalog.directories("new")).toBeUndefined();
    await rememberCameraDirectory(files, store.root, { camera: "new", directory: join(store.root, "new") });
    expect(await catalog.directories("new")).toEqual([join(store.root, "new")]);
    store.config.change({ cameras: new Map([["other", store.camera("other")]]) });
    expect([...(await catalog.cameras()).keys()]).toEqual(["other", "new"]);
  });

  it("tells the days with footage, not folders that hold none, and notices when a day comes or goes", async () => {
    store.minute("front-door", "20260101.0000");
    store.chunk("front-door", "20261124.1433");
    mkdirSync(join(store.directory("front-door"), "20261125"));
    mkdirSync(join(store.directory("front-door"), "20260231"));
    expect(await catalog.daysWithFootage("front-door")).toEqual(["20260101", "20261124"]);
    store.minute("front-door", "20261125.0000");
    expect(await catalog.daysWithFootage("front-door")).toEqual(["20260101", "20261124", "20261125"]);
    rmSync(join(store.directory("front-door"), "20260101"), { recursive: true });
    expect(await catalog.daysWithFootage("front-door")).toEqual(["20261124", "20261125"]);
  });

  it("tells cameras apart that share one directory", async () => {
    const shared = join(store.root, "shared");
    const cameras = ["a", "b"].map((id) => [id, store.camera(id, { directory: shared })] as const);
    store.config.change({ cameras: new Map(cameras) });
    store.minute("a", "20261124.1433");
    store.minute("b", "20261124.1434");
    store.settle("a", "20261124.1433");
    expect(await minutes("a", "20261124")).toEqual(["20261124.1433"]);
    expect(await minutes("b", "20261124")).toEqual(["20261124.1434"]);
    expect(await catalog.daysWithFootage("b")).toEqual(["20261124"]);
  });
});

describe("FolderCache", () => {
  it("keeps no more than it may, the most recently used ones", async () => {
    const reads: string[] = [];
    const cache = new FolderCache(files, 2, async (folder) => reads.push(folder));
    const folders = ["a", "b", "c"].map((name) => join(store.root, name));
    for (const folder of folders) {
      mkdirSync(folder);
      store.age(folder, 60);
    }
    const [a, b, c] = folders as [string, string, string];
    for (const folder of [a, b, a, c, a, b]) await cache.get(folder);
    expect(reads).toEqual([a, b, c, b]);
  });

  it("reads a folder once for all who ask at the same time", async () => {
    store.age(store.root, 60);
    const cache = new FolderCache(files, 10, async (folder) => folder);
    await Promise.all(Array.from({ length: 20 }, () => cache.get(store.root)));
    expect(cache.reads).toBe(1);
  });
});
