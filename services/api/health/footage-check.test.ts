import { mkdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import winston from "winston";
import { Catalog } from "../../../shared/catalog/catalog.ts";
import { StoreFiles } from "../../../shared/disk/store-files.ts";
import { dayFolder, minutePath, quarantineFolder } from "../../../shared/store/names.ts";
import { minuteAt } from "../../../shared/time/minute.ts";
import { StoreFixture } from "../../../tests/support/store-fixture.ts";
import { realMinute } from "../testing/real-minute.ts";
import { FootageCheck } from "./footage-check.ts";

const files = new StoreFiles();

const MINUTE_MS = 60_000;
/** Just after midnight: earlier footage is in another folder. */
const NOW_MS = Date.parse("2026-11-24T00:05:30.000Z");
const minuteBefore = (minutes: number) => minuteAt((NOW_MS - minutes * MINUTE_MS) * 1000);
const startOf = (minutes: number) => Math.floor(NOW_MS / MINUTE_MS) * MINUTE_MS - minutes * MINUTE_MS;

let store: StoreFixture;
let check: FootageCheck;

beforeEach(() => {
  store = new StoreFixture({ yard: {}, off: { enabled: false } });
  check = new FootageCheck(
    files,
    new Catalog(files, store.config, winston.createLogger({ silent: true })),
    store.config,
  );
});
afterEach(() => store.remove());

/** Writes the minutes from `from` to `to` minutes ago, both inclusive. */
function record(camera: string, from: number, to: number): void {
  for (let minutes = from; minutes >= to; minutes--) store.minute(camera, minuteBefore(minutes));
}
/** A chunk whose last frame came at the given time. */
function chunk(minutes: number, lastMs: number, camera = "yard"): void {
  const path = store.chunk(camera, minuteBefore(minutes));
  utimesSync(path, lastMs / 1000, lastMs / 1000);
}
const gapOf = async (camera = "yard") => (await check.run(NOW_MS)).get(camera)?.gap;

it("finds nothing where every minute is there, converted or not, over midnight", async () => {
  record("yard", 20, 6);
  for (const minutes of [5, 4, 3, 2, 1, 0]) chunk(minutes, NOW_MS);
  expect(await gapOf()).toBeUndefined();
});

it("finds the minutes that are missing, over midnight, and forgets them after a quarter of an hour", async () => {
  record("yard", 20, 9);
  store.write(minutePath(store.directory("yard"), "yard", minuteBefore(9), "mp4"), await realMinute(minuteBefore(9)));
  record("yard", 3, 0);
  expect(await gapOf()).toEqual({ fromMs: startOf(8), toMs: startOf(3) });
  record("yard", 0, -14);
  const gapAt = async (laterMs: number) => (await check.run(NOW_MS + laterMs)).get("yard")?.gap;
  expect(await gapAt(11 * MINUTE_MS)).toBeDefined();
  expect(await gapAt(12 * MINUTE_MS)).toBeUndefined();
});

it("does not take the minute at hand and the one before for missing: they begin at their first keyframe", async () => {
  record("yard", 20, 2);
  expect(await gapOf()).toBeUndefined();
});

it("does not take for missing what a GOP longer than a minute left without a file of its name", async () => {
  record("yard", 20, 6);
  chunk(5, startOf(3) + 10_000); // its last GOP extends over minutes 4 and 3
  chunk(2, NOW_MS);
  expect(await gapOf()).toBeUndefined();
  chunk(5, startOf(4) + 10_000);
  expect(await gapOf()).toEqual({ fromMs: startOf(3), toMs: startOf(2) });
});

it("finds a gap that lies before a minute which a long GOP left out", async () => {
  record("yard", 20, 12);
  const newest = minuteBefore(12);
  store.write(minutePath(store.directory("yard"), "yard", newest, "mp4"), await realMinute(newest));
  record("yard", 9, 6);
  chunk(5, startOf(3) + 10_000);
  chunk(2, NOW_MS);
  expect(await gapOf()).toEqual({ fromMs: startOf(11), toMs: startOf(9) });
});

it("takes for there what lies in quarantine, and makes no gap of what it cannot read the end of", async () => {
  record("yard", 20, 6);
  record("yard", 3, 0);
  expect(await gapOf()).toBeUndefined(); // the fixture's minutes are not real mp4s
  chunk(6, startOf(5));
  expect(await gapOf()).toEqual({ fromMs: startOf(5), toMs: startOf(3) });
  const folder = quarantineFolder(store.directory("yard"));
  mkdirSync(folder, { recursive: true });
  for (const minutes of [5, 4]) writeFileSync(`${folder}/yard.${minuteBefore(minutes)}.chunk`, "chunk");
  expect(await gapOf()).toBeUndefined();
});

it("finds no gap before the first footage of a camera, nor where none was to be recorded", async () => {
  chunk(3, startOf(2));
  record("yard", 2, 0);
  expect(await gapOf()).toBeUndefined();
  chunk(10, startOf(9), "off");
  expect(await gapOf("off")).toBeUndefined();
  const off = store.camera("off", { enabled: true });
  const cameras = new Map([...store.config.current.cameras, ["off", off]]);
  vi.useFakeTimers({ toFake: ["Date"], now: startOf(4) - 1000 });
  store.config.change({ cameras });
  vi.useRealTimers();
  expect(await gapOf("off")).toEqual({ fromMs: startOf(4), toMs: startOf(1) });
});

it("tells the oldest minute that waits for its conversion, at the latest after ten minutes, for as long as it waits", async () => {
  record("yard", 20, -30);
  expect((await check.run(NOW_MS)).get("yard")).toEqual({});
  const late = store.chunk("yard", minuteBefore(19), 2); // a late part of a minute that was converted long ago
  for (const minutes of [-3, 7]) store.chunk("yard", minuteBefore(minutes), 2);
  for (const laterMs of [10 * MINUTE_MS, 11 * MINUTE_MS, 25 * MINUTE_MS]) {
    expect((await check.run(NOW_MS + laterMs)).get("yard")?.oldestWaiting).toBe(minuteBefore(19));
  }
  rmSync(late);
  expect((await check.run(NOW_MS + 26 * MINUTE_MS)).get("yard")?.oldestWaiting).toBe(minuteBefore(7));
});

it("does not read a whole day every time while all is well", async () => {
  record("yard", 20, 0);
  const catalog = new Catalog(files, store.config, winston.createLogger({ silent: true }));
  check = new FootageCheck(files, catalog, store.config);
  await check.run(NOW_MS);
  const reads = catalog.folderReads;
  store.minute("yard", minuteBefore(-1));
  expect((await check.run(NOW_MS + MINUTE_MS)).get("yard")).toEqual({});
  expect(catalog.folderReads).toBe(reads);
  rmSync(minutePath(store.directory("yard"), "yard", minuteBefore(5), "mp4"));
  await check.run(NOW_MS + MINUTE_MS);
  expect(catalog.folderReads).toBeGreaterThan(reads);
});

it("leaves out a camera that cannot be read", async () => {
  record("yard", 1, 0);
  record("off", 1, 0);
  const day = dayFolder(store.directory("off"), "20261124");
  rmSync(day, { recursive: true });
  symlinkSync(day, day); // ELOOP
  expect([...(await check.run(NOW_MS)).keys()]).toEqual(["yard"]);
});
