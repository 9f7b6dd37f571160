import { readdirSync, readlinkSync } from "node:fs";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { minutePath } from "../../../shared/store/names.ts";
import { StoreFixture } from "../../../tests/support/store-fixture.ts";
import { ApiFixture } from "../testing/api-fixture.ts";
import { realMinute } from "../testing/real-minute.ts";
import { FootageChangedError } from "./held-file.ts";
import type { RangeTurn } from "./range-turn.ts";
import { rehearse } from "./ranges.ts";

/** Timeout, with room for a busy machine. */
const PATIENT = { timeout: 20_000 };
let store: StoreFixture;
let api: ApiFixture;

beforeEach(() => {
  store = new StoreFixture({ "front-door": {}, yard: {} });
  api = new ApiFixture(store);
});
afterEach(async () => {
  await api.stop();
  store.remove();
});

function openFilesOf(folder: string): string[] {
  const linkOf = (fd: string) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return "";
    }
  };
  return readdirSync("/proc/self/fd")
    .map(linkOf)
    .filter((path) => path.startsWith(folder));
}

it("the rehearsal lays out the last hour of a camera that has one, and lets go of it", async () => {
  for (const minute of ["20251124.1433", "20251124.1434"] as const) {
    store.write(minutePath(store.directory("yard"), "yard", minute, "mp4"), await realMinute(minute));
  }
  const { ranges, catalog } = api.parts;
  const layOut = vi.spyOn(ranges, "layOut");
  await rehearse(ranges, catalog);
  const laidOut = await layOut.mock.results[0]?.value;
  expect(laidOut.fileName).toMatch(/^yard\.20251124\.143300\.to\./);
  expect(openFilesOf(store.root)).toEqual([]);
});

it("the rehearsal harms nobody where there is no footage, or none that can be read", async () => {
  await rehearse(api.parts.ranges, api.parts.catalog);
  store.write(minutePath(store.directory("yard"), "yard", "20251124.1433", "mp4"), Buffer.from("no mp4"));
  await rehearse(api.parts.ranges, api.parts.catalog);
});

it("ranges of many days wait for one another, and nobody else for them", async () => {
  const { ranges } = api.parts;
  const begun = { long: [] as RangeTurn[], short: [] as RangeTurn[] };
  const { signal } = new AbortController();
  const ask = async (kind: keyof typeof begun, hours: number, client: string) => {
    const request = { camera: "yard", startUs: 0, endUs: hours * 3600e6, gaps: "skip" } as const;
    const turn = await ranges.turn(request, client, signal);
    await turn.begin();
    begun[kind].push(turn);
  };
  for (let i = 0; i < 3; i++) void ask("long", 14 * 24, `client ${i}`);
  for (let i = 0; i < 9; i++) void ask("short", 24, `client ${i}`);
  const counts = () => [begun.long.length, begun.short.length];
  await expect.poll(counts, PATIENT).toEqual([2, 8]);
  begun.long[0]?.end();
  await expect.poll(counts, PATIENT).toEqual([3, 8]);
  begun.short[0]?.end();
  await expect.poll(counts, PATIENT).toEqual([3, 9]);
});

it("a range by names is as long as they are apart", async () => {
  const { ranges } = api.parts;
  const names = { from: "20251101.0000", to: "20251114.2359" } as const;
  const request = { camera: "yard", names, startUs: -Infinity, endUs: Infinity, gaps: "skip" } as const;
  let begun = 0;
  const ask = async (client: string) => {
    await (await ranges.turn(request, client, new AbortController().signal)).begin();
    begun++;
  };
  for (let i = 0; i < 3; i++) void ask(`client ${i}`);
  await expect.poll(() => begun, PATIENT).toBe(2);
  await new Promise((wake) => setTimeout(wake, 50));
  expect(begun).toBe(2);
});

it("thirty ranges of a client that has its turns keep nobody waiting but itself", async () => {
  const { ranges } = api.parts;
  const request = { camera: "yard", startUs: 0, endUs: 24 * 3600e6, gaps: "skip" } as const;
  const gone = new AbortController();
  let begun = 0;
  const ask = async () => {
    await (await ranges.turn(request, "a", gone.signal)).begin();
    begun++;
  };
  for (let i = 0; i < 30; i++) ask().catch(() => {});
  await expect.poll(() => begun, PATIENT).toBe(2);
  const turn = await ranges.turn(request, "b", new AbortController().signal);
  await turn.begin();
  expect(turn.isWanted).toBe(false);
  gone.abort();
});

it("an index that was let go of is made anew, byte for byte; and never another one", async () => {
  const [minute, next] = ["20251124.1433", "20251124.1434"] as const;
  const path = minutePath(store.directory("yard"), "yard", minute, "mp4");
  store.write(path, await realMinute(minute));
  store.write(minutePath(store.directory("yard"), "yard", next, "mp4"), await realMinute(next));
  const names = { from: minute, to: minute };
  const request = { camera: "yard", names, startUs: -Infinity, endUs: Infinity, gaps: "skip" } as const;
  const turn = await api.parts.ranges.turn(request, "a", new AbortController().signal);
  const laidOut = await turn.layOut();
  if (!("file" in laidOut)) throw new Error("it is not pinned");
  const index = Buffer.concat(laidOut.file.takeIndex());
  turn.end();
  expect(index.length).toBeGreaterThan(500);
  expect(Buffer.concat(await turn.again()).equals(index)).toBe(true);
  turn.end();
  store.write(path, await realMinute(minute, { hue: 90, frames: 20 }));
  await expect(turn.again()).rejects.toThrow(FootageChangedError);
  await laidOut.file.close();
  expect(openFilesOf(store.root)).toEqual([]);
});
