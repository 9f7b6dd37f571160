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
  const begun: string[] = [];
  const ask = async (name: string, hours: number) => {
    const end = await ranges.turn({ camera: "yard", startUs: 0, endUs: hours * 3600e6, gaps: "skip" });
    begun.push(name);
    return end;
  };
  const long = ["a", "b", "c"].map((name) => ask(name, 14 * 24));
  const short = Array.from({ length: 17 }, (_, i) => ask(String(i), 24));
  const [endOfLong] = await Promise.all([long[0], long[1], ...short.slice(0, 16)]);
  expect(begun).toEqual(expect.not.arrayContaining(["c", "16"]));
  endOfLong?.();
  await long[2];
  expect(begun).not.toContain("16");
});

it("a range by names is as long as they are apart", async () => {
  const { ranges } = api.parts;
  const names = { from: "20251101.0000", to: "20251114.2359" } as const;
  const request = { camera: "yard", names, startUs: -Infinity, endUs: Infinity, gaps: "skip" } as const;
  const turns = [1, 2, 3].map(() => ranges.turn(request));
  const third = Promise.race([turns[2], new Promise((wake) => setTimeout(() => wake("waits"), 50))]);
  expect(await third).toBe("waits");
});
