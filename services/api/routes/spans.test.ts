import { renameSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import winston from "winston";
import { Catalog } from "../../../shared/catalog/catalog.ts";
import { DayIndex, indexOf } from "../../../shared/catalog/day-index.ts";
import { StoreFiles } from "../../../shared/disk/store-files.ts";
import { chunkPath, minutePath } from "../../../shared/store/names.ts";
import { type Minute, minuteStartUs } from "../../../shared/time/minute.ts";
import { atPace, makeClip, origin, writeChunk } from "../../../tests/support/chunk-maker.ts";
import { StoreFixture } from "../../../tests/support/store-fixture.ts";
import { MinuteFactsReader } from "../footage/minute-facts.ts";
import { ApiFixture } from "../testing/api-fixture.ts";
import { realMinute } from "../testing/real-minute.ts";

const files = new StoreFiles();

const DAY = "20251124";
const SPANS = "/api/1/camera/front-door/spans";
const MINUTES = "/api/1/camera/front-door/minutes";
let store: StoreFixture;
let api: ApiFixture;

beforeEach(async () => {
  store = new StoreFixture();
  api = await new ApiFixture(store).start();
});
afterEach(async () => {
  await api.stop();
  store.remove();
});

const pathOf = (minute: Minute) => minutePath(store.directory("front-door"), "front-door", minute, "mp4");

/** A minute whose 50 frames last `seconds`; 60 fill it. */
async function minute(name: Minute, seconds = 60): Promise<void> {
  store.minute("front-door", name);
  store.write(pathOf(name), await realMinute(name, { frames: 50, framesPerSecond: 50 / seconds }));
}

async function chunk(name: Minute, fromS: number, frames: number, isClosed = false, part = 1): Promise<void> {
  const startUs = (minuteStartUs(name) as number) + fromS * 1e6;
  const units = atPace(await makeClip({ frames }), startUs);
  const path = chunkPath(store.directory("front-door"), "front-door", name, part);
  const endUs = startUs + frames * 40_000;
  await writeChunk(path, { units, origin: origin(), openedUs: startUs, ...(isClosed && { endUs }) });
}

async function spans(query = `day=${DAY}`): Promise<[string, string][]> {
  const reply = await api.get(`${SPANS}?${query}`);
  expect(reply.status).toBe(200);
  return reply.json().spans.map(({ start, end }: { start: string; end: string }) => [start.slice(11), end.slice(11)]);
}

describe("spans", () => {
  it("go on from minute to minute, those that are still chunks included, and end at a gap of a second", async () => {
    for (const name of ["1433", "1434"]) await minute(`${DAY}.${name}`);
    await chunk(`${DAY}.1435`, 0.9, 25, true);
    await chunk(`${DAY}.1435`, 1.9 + 1, 25, true, 2);
    await chunk(`${DAY}.1436`, 0, 50);
    expect(await spans()).toEqual([
      ["14:33:00.000000Z", "14:35:01.900000Z"],
      ["14:35:02.900000Z", "14:35:03.900000Z"],
      ["14:36:00.000000Z", "14:36:02.000000Z"],
    ]);
  });

  it("are cut to what is asked for, and know of the minute before that reaches into it", async () => {
    await minute(`${DAY}.1433`, 75); // a GOP that is longer than its minute
    await minute(`${DAY}.1440`);
    const query = (from: string, to: string) => `from=2025-11-24T${from}Z&to=2025-11-24T${to}Z`;
    expect(await spans(query("14:34:05", "14:40:30"))).toEqual([
      ["14:34:05.000000Z", "14:34:15.000000Z"],
      ["14:40:00.000000Z", "14:40:30.000000Z"],
    ]);
    expect(await spans(query("14:34:15", "14:40:00"))).toEqual([]);
  });

  it("are one over midnight and over two directories, also where they overlap", async () => {
    const old = join(store.root, "old disk");
    await minute("20251123.2359", 61);
    await minute(`${DAY}.0000`);
    const { rememberCameraDirectory } = await import("../../../shared/store/directories.ts");
    await rememberCameraDirectory(files, store.root, { camera: "front-door", directory: old });
    const other = minutePath(old, "front-door", `${DAY}.0001`, "mp4");
    store.write(other, await realMinute(`${DAY}.0001`, { frames: 50, framesPerSecond: 50 / 60 }));
    expect(await spans("from=2025-11-23T00:00:00Z&to=2025-11-25T00:00:00Z")).toEqual([
      ["23:59:00.000000Z", "00:02:00.000000Z"],
    ]);
  });

  it("join from pages to the whole list", async () => {
    for (const name of ["1433", "1435", "1437"]) await minute(`${DAY}.${name}`, 30);
    const whole = await spans();
    expect(whole).toHaveLength(3);
    const pages: unknown[] = [];
    for (let query: string | undefined = `day=${DAY}&limit=2`; query !== undefined; ) {
      pages.push(await spans(query));
      query = (await api.get(`${SPANS}?${query}`)).json().next?.slice(1);
    }
    expect(pages.map((page) => (page as unknown[]).length)).toEqual([2, 1]);
    expect(pages.flat()).toEqual(whole);
  });

  it("have a minute that is converted between the look into its folder and the one into its chunk", async () => {
    await minute(`${DAY}.1433`);
    const index = new DayIndex("front-door", store.directory("front-door"), DAY);
    index.add(`front-door.${DAY}.1433.chunk`); // as the folder was before
    const place = indexOf(`${DAY}.1433`);
    const facts = await new MinuteFactsReader(files, api.parts.logger).of(index, [place]);
    const startUs = minuteStartUs(`${DAY}.1433`) as number;
    expect(facts.get(place)?.spans).toEqual([{ startUs, endUs: startUs + 60e6 }]);
  });

  it("leave out what is damaged, say so in the log once, and are none where there is nothing", async () => {
    expect(await spans()).toEqual([]);
    await minute(`${DAY}.1433`);
    await minute(`${DAY}.1434`);
    truncateSync(pathOf(`${DAY}.1433`), 100);
    for (let i = 0; i < 3; i++) expect(await spans()).toEqual([["14:34:00.000000Z", "14:35:00.000000Z"]]);
    expect(api.log.filter((line) => line.includes("is damaged"))).toHaveLength(1);
  });

  it("are refused for cameras that never were and stretches that are none", async () => {
    expect(await api.get(`/api/1/camera/nobody/spans?day=${DAY}`)).toMatchObject({ status: 404 });
    for (const query of [
      "",
      "day=20260231",
      `day=${DAY}&limit=0`,
      "from=2025-11-24T00:00:00Z&to=2026-11-24T00:00:00Z",
    ]) {
      expect((await api.get(`${SPANS}?${query}`)).status, query).toBe(400);
    }
  });
});

describe("minutes with details", () => {
  it("tell when each was recorded, its gaps, its codec and size", async () => {
    await minute(`${DAY}.1433`);
    await chunk(`${DAY}.1434`, 0.5, 25, true);
    await chunk(`${DAY}.1434`, 10, 50, false, 2);
    store.quarantinedChunk("front-door", `${DAY}.0100`);
    const { minutes } = (await api.get(`${MINUTES}?day=${DAY}&details`)).json();
    const size = { width: 320, height: 192, displayWidth: 320, displayHeight: 192 };
    const picture = { codec: expect.stringMatching(/^avc1\.64/), ...size };
    expect(minutes.map(({ recorded }: { recorded: unknown }) => recorded)).toEqual([
      undefined,
      {
        start: "2025-11-24T14:33:00.000000Z",
        end: "2025-11-24T14:34:00.000000Z",
        durationSeconds: 60,
        gaps: [],
        ...picture,
      },
      {
        start: "2025-11-24T14:34:00.500000Z",
        end: "2025-11-24T14:34:12.000000Z",
        durationSeconds: 3,
        gaps: [{ start: "2025-11-24T14:34:01.500000Z", end: "2025-11-24T14:34:10.000000Z" }],
        ...picture,
      },
    ]);
    expect((await api.get(`${MINUTES}?day=${DAY}`)).text).not.toContain("recorded");
  });

  it("follow an mp4 into which a late part was merged", async () => {
    await minute(`${DAY}.1433`, 30);
    const end = async () => (await api.get(`${MINUTES}?day=${DAY}&details`)).json().minutes[0].recorded.end;
    expect(await end()).toBe("2025-11-24T14:33:30.000000Z");
    const path = pathOf(`${DAY}.1433`);
    writeFileSync(`${path}.new`, await realMinute(`${DAY}.1433`, { frames: 50, framesPerSecond: 1 }));
    renameSync(`${path}.new`, path);
    expect(await end()).toBe("2025-11-24T14:33:50.000000Z");
  });
});

describe("MinuteFactsReader", () => {
  const logger = winston.createLogger({ silent: true });
  const places = Array.from({ length: 20 }, (_, i) => i);

  it("reads an mp4 once while it is the same file, also when its day folder changes", async () => {
    for (const place of places) await minute(`${DAY}.00${String(place).padStart(2, "0")}`);
    const catalog = new Catalog(files, store.config, logger);
    const reader = new MinuteFactsReader(files, logger);
    const look = async () => {
      const [index] = await catalog.day("front-door", DAY);
      return (await reader.of(index as never, places)).size;
    };
    await Promise.all([look(), look()]);
    expect(reader.reads).toBeLessThanOrEqual(40); // a folder that was just changed is read twice
    const before = reader.reads;
    store.settle("front-door", `${DAY}.0000`);
    for (let i = 0; i < 3; i++) expect(await look()).toBe(20);
    await minute(`${DAY}.0100`);
    expect(await look()).toBe(20);
    expect(reader.reads).toBe(before);
    await minute(`${DAY}.0003`, 30);
    expect(await look()).toBe(20);
    expect(reader.reads).toBe(before + 1);
  });

  it("forgets the days that were not asked for longest when it knows too many minutes", async () => {
    const days = ["20251101", "20251102", "20251103"];
    for (const day of days) for (let i = 10; i < 15; i++) await minute(`${day}.00${i}`);
    for (const day of days) store.settle("front-door", `${day}.0000`);
    const catalog = new Catalog(files, store.config, logger);
    const reader = new MinuteFactsReader(files, logger, 10);
    const wanted = [10, 11, 12, 13, 14].map((at) => indexOf(`${DAY}.00${at}`));
    const look = async (day: string) => {
      const [index] = await catalog.day("front-door", day);
      const before = reader.reads;
      await reader.of(index as never, wanted);
      return reader.reads - before;
    };
    expect([await look("20251101"), await look("20251102"), await look("20251101")]).toEqual([5, 5, 0]);
    expect([await look("20251103"), await look("20251101"), await look("20251102")]).toEqual([5, 0, 5]);
  });
});
