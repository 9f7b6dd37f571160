import { readdirSync, readlinkSync } from "node:fs";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { minutePath } from "../../../shared/store/names.ts";
import { ApiFixture } from "../testing/api-fixture.ts";
import { realMinute } from "../testing/real-minute.ts";
import { StoreFixture } from "../testing/store-fixture.ts";
import { rehearse } from "./ranges.ts";

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
  const begun = { long: [] as (() => void)[], short: [] as (() => void)[] };
  const ask = async (kind: keyof typeof begun, hours: number) => {
    begun[kind].push(await ranges.turn({ camera: "yard", startUs: 0, endUs: hours * 3600e6, gaps: "skip" }));
  };
  for (let i = 0; i < 3; i++) void ask("long", 14 * 24);
  for (let i = 0; i < 17; i++) void ask("short", 24);
  const counts = () => [begun.long.length, begun.short.length];
  await expect.poll(counts).toEqual([2, 16]);
  begun.long[0]?.();
  await expect.poll(counts).toEqual([3, 16]);
  begun.short[0]?.();
  await expect.poll(counts).toEqual([3, 17]);
});

it("a range by names is as long as they are apart", async () => {
  const { ranges } = api.parts;
  const names = { from: "20251101.0000", to: "20251114.2359" } as const;
  const request = { camera: "yard", names, startUs: -Infinity, endUs: Infinity, gaps: "skip" } as const;
  let begun = 0;
  for (let i = 0; i < 3; i++) void ranges.turn(request).then(() => begun++);
  await expect.poll(() => begun).toBe(2);
  await new Promise((wake) => setTimeout(wake, 50));
  expect(begun).toBe(2);
});
