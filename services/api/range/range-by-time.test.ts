import { readdirSync, readFileSync, truncateSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Catalog } from "../../../shared/catalog/catalog.ts";
import { DayIndex } from "../../../shared/catalog/day-index.ts";
import { StoreFiles } from "../../../shared/disk/store-files.ts";
import { minutePath } from "../../../shared/store/names.ts";
import { minuteAt } from "../../../shared/time/minute.ts";
import { readTimedFrames } from "../../../tests/support/mp4-evidence.ts";
import { StoreFixture } from "../../../tests/support/store-fixture.ts";
import { SendBuffers } from "../http/send-buffers.ts";
import { ApiFixture } from "../testing/api-fixture.ts";
import { realMinute } from "../testing/real-minute.ts";
import { FootageChangedError, HeldFile, OpenFileBudget } from "./held-file.ts";
import { HeadBuffers } from "./minute-heads.ts";
import { layOutRange } from "./range-file.ts";

const files = new StoreFiles();

const CAMERA = "front-door";
const [FIRST, SECOND] = ["20251124.1433", "20251124.1434"] as const;
const START = "2025-11-24T14:33:00.500Z";
const END = "2025-11-24T14:34:01Z";

let store: StoreFixture;
let api: ApiFixture;

const file = (minute: string, camera = CAMERA) => minutePath(store.directory(camera), camera, minute, "mp4");
const range = (query: string, camera = CAMERA) => `/api/1/camera/${camera}/range.mp4?${query}`;
const whole = range(`start=${START}&end=${END}`);

beforeAll(async () => {
  store = new StoreFixture({ [CAMERA]: {}, codecs: {}, damaged: {} });
  for (const minute of [FIRST, SECOND, "20251124.1500"]) store.write(file(minute), await realMinute(minute));
  api = await new ApiFixture(store).start();
});

afterAll(async () => {
  await api.stop();
  store.remove();
});

/** A minute as a converter would write it if it were H.265. */
function asH265(mp4: Buffer): Buffer {
  const changed = Buffer.from(mp4);
  changed.write("hvc1", mp4.lastIndexOf("avc1", mp4.indexOf("avcC")), "latin1");
  changed.write("hvcC", mp4.indexOf("avcC"), "latin1");
  return changed;
}

describe("GET /api/1/camera/{id}/range.mp4", () => {
  it("tells length, type and name, also to HEAD, and answers conditions and byte ranges", async () => {
    const { status, headers, body } = await api.get(whole);
    expect(status).toBe(200);
    expect(headers).toMatchObject({
      "content-length": String(body.length),
      "content-type": "video/mp4",
      "accept-ranges": "bytes",
      "content-disposition": `inline; filename="${CAMERA}.20251124.143300.to.20251124.143401.mp4"`,
    });
    expect(headers["last-modified"]).toBeUndefined();
    expect(headers.etag).toMatch(/^"range-/);
    const head = await api.get(whole, {}, "HEAD");
    expect([head.status, head.headers["content-length"], head.body.length]).toEqual([200, String(body.length), 0]);
    const etag = `${headers.etag}`;
    expect((await api.get(whole, { "if-none-match": etag })).status).toBe(304);
    expect((await api.get(whole, { "if-match": '"other"' })).status).toBe(412);
    const part = await api.get(whole, { range: "bytes=-100", "if-range": etag });
    expect([part.status, part.body.equals(body.subarray(-100))]).toEqual([206, true]);
    expect((await api.get(whole, { range: "bytes=5-9", "if-range": '"other"' })).status).toBe(200);
    expect((await api.get(whole, { range: `bytes=${body.length}-` })).status).toBe(416);
    expect((await api.get(`${whole}&download`)).headers["content-disposition"]).toContain("attachment");
    expect((await api.get(whole, {}, "POST")).status).toBe(405);
  });

  it("was made when its first picture was taken: mvhd to the second, the capture record to the microsecond", async () => {
    const { body } = await api.get(range("start=2025-11-24T14:33:01.41Z&end=2025-11-24T14:33:01.61Z"));
    const firstUs = Date.UTC(2025, 10, 24, 14, 33, 1) * 1000 + 400_000;
    const mvhd = body.indexOf("mvhd") + 8;
    expect(Number(body.readBigUInt64BE(mvhd)) - 2_082_844_800).toBe(Math.floor(firstUs / 1e6));
    const record = body.indexOf(Buffer.from("c3f1a6d27e0b4d5f9a418e2d5b7790c4", "hex")) + 16;
    expect(Number(body.readBigUInt64BE(record + 4))).toBe(firstUs);
    expect(Number(body.readBigUInt64BE(record + 12))).toBe(firstUs + 240_000);
    const path = join(store.root, "record.mp4");
    writeFileSync(path, body);
    const shown = (await readTimedFrames([path])).filter(({ isDiscarded }) => !isDiscarded);
    const timesUs = shown.map(({ captureTimeUs }) => Math.round(captureTimeUs));
    expect(timesUs).toEqual(Array.from({ length: 6 }, (_, i) => firstUs + i * 40_000));
  });

  it.each([
    ["start=2025-11-24T14:34:00Z&end=2025-11-24T14:33:00Z", 400, "must be later"],
    ["start=2025-11-24T14:34:00Z&end=2025-11-24T14:34:00Z", 400, "must be later"],
    ["start=2025-11-24T14:34:00Z", 400, 'both "start" and "end"'],
    ["start=2025-11-24T14:34:00&end=2025-11-24T14:35:00Z", 400, "ISO 8601"],
    ["start=2025-02-30T00:00:00Z&end=2025-11-24T14:35:00Z", 400, "ISO 8601"],
    [`start=${START}&end=${END}&gaps=fill`, 400, "skip or keep"],
    [`start=${START}&start=${START}&end=${END}`, 400, "once only"],
    ["start=2025-11-24T14:40:00Z&end=2025-11-24T14:45:00Z", 404, "no footage"],
    ["start=2025-11-24T16:00:00Z&end=2099-11-24T14:45:00Z", 404, "no footage"],
    ["start=1925-11-24T00:00:00Z&end=2025-11-24T14:33:00Z", 404, "no footage"],
  ])("?%s is answered %i: %s", async (query, status, reason) => {
    const answer = await api.get(range(query));
    expect([answer.status, answer.json().detail]).toEqual([status, expect.stringContaining(reason)]);
    expect(answer.headers["content-type"]).toBe("application/problem+json");
  });

  it("of an unknown camera is answered 404", async () => {
    expect((await api.get(range(`start=${START}&end=${END}`, "nobody"))).json().type).toContain("unknown-camera");
  });

  it("of a hundred years is pinned to what there is", async () => {
    const asked = await api.get(range("start=1950-01-01T00:00:00Z&end=2050-01-01T00:00:00%2B01:00&download"));
    expect(asked.status).toBe(307);
    expect(asked.headers).toMatchObject({
      "cache-control": "no-store",
      location: "?start=1950-01-01T00:00:00Z&end=2025-11-24T15:00:02.000000Z&download=",
    });
    const { status, headers } = await api.get(range(`${asked.headers.location}`.slice(1)));
    expect([status, headers["content-disposition"]]).toEqual([
      200,
      `attachment; filename="${CAMERA}.20251124.143300.to.20251124.150002.mp4"`,
    ]);
  });

  it("is answered 409 with the ranges to ask for when the codec changes within it", async () => {
    store.write(file(FIRST, "codecs"), await realMinute(FIRST));
    store.write(file(SECOND, "codecs"), asH265(await realMinute(SECOND)));
    store.write(file("20251124.1435", "codecs"), await realMinute("20251124.1435"));
    const answer = await api.get(range("start=2025-11-24T14:33:01Z&end=2025-11-24T14:35:01Z", "codecs"));
    expect(answer.status).toBe(409);
    const { type, ranges, detail } = answer.json();
    expect(type).toBe("urn:hindsight:problem:codec-change");
    expect(ranges).toEqual([
      { codec: "avc1", start: "2025-11-24T14:33:01.000000Z", end: "2025-11-24T14:33:02.000000Z" },
      { codec: "hvc1", start: "2025-11-24T14:34:00.000000Z", end: "2025-11-24T14:34:02.000000Z" },
      { codec: "avc1", start: "2025-11-24T14:35:00.000000Z", end: "2025-11-24T14:35:01.000000Z" },
    ]);
    expect(detail).toContain("2025-11-24T14:35:00.000000Z to 2025-11-24T14:35:01.000000Z (avc1)");
    const [first] = ranges;
    expect((await api.get(range(`start=${first.start}&end=${first.end}`, "codecs"))).status).toBe(200);
  });

  it("names those ranges in the order of time, though minutes are read ahead", async () => {
    const minutes = Array.from({ length: 12 }, (_, i) => minuteAt(Date.UTC(2025, 10, 25, 0, i) * 1000));
    for (const [i, minute] of minutes.entries()) {
      const mp4 = await realMinute(minute);
      store.write(file(minute, "codecs"), i === 5 ? asH265(mp4) : mp4);
    }
    const { ranges } = (await api.get(range("start=2025-11-25T00:00:00Z&end=2025-11-25T00:11:01Z", "codecs"))).json();
    expect(ranges).toEqual([
      { codec: "avc1", start: "2025-11-25T00:00:00.000000Z", end: "2025-11-25T00:04:02.000000Z" },
      { codec: "hvc1", start: "2025-11-25T00:05:00.000000Z", end: "2025-11-25T00:05:02.000000Z" },
      { codec: "avc1", start: "2025-11-25T00:06:00.000000Z", end: "2025-11-25T00:11:01.000000Z" },
    ]);
  });

  it("leaves out a minute that is damaged, and says so in the log", async () => {
    for (const minute of [FIRST, SECOND]) store.write(file(minute, "damaged"), await realMinute(minute));
    const both = range("start=2025-11-24T14:33:00Z&end=2025-11-24T14:34:01Z", "damaged");
    const before = (await api.get(both)).body.length;
    truncateSync(file(FIRST, "damaged"), 3000);
    const after = await api.get(both);
    expect(after.status).toBe(200);
    expect(after.body.length).toBeLessThan(before);
    expect(api.log.filter((line) => line.includes("cannot be read")).join()).toContain(FIRST);
    truncateSync(file(SECOND, "damaged"), 3000);
    const none = await api.get(both);
    expect([none.status, none.json()]).toEqual([404, expect.objectContaining({ damagedMinutes: 2 })]);
    expect(none.json().detail).toContain("damaged");
  });

  it("answers whatever is asked with a status that fits, and never with a fault of ours", async () => {
    const text = fc.oneof(
      fc.string(),
      fc.constantFrom("..", "%00", START, END, "9999-12-31T23:59:59.999999999Z", "0000-01-01T00:00Z"),
    );
    await fc.assert(
      fc.asyncProperty(text, text, fc.constantFrom("keep", "skip", "x"), async (start, end, gaps) => {
        const query = new URLSearchParams({ start, end, gaps });
        expect((await api.get(range(query.toString()))).status).toBeLessThan(500);
      }),
      { numRuns: 60 },
    );
  });
});

describe("a range whose chunk is converted while it is laid out", () => {
  it("is laid out again, from the mp4", async () => {
    const { catalog, logger } = api.parts;
    let stale = 0;
    const behind = {
      daysWithFootage: (camera: string) => catalog.daysWithFootage(camera),
      day: async (camera: string, day: string) => {
        if (stale++ >= 2) return catalog.day(camera, day);
        const index = new DayIndex(camera, store.directory(camera), day);
        for (const minute of [FIRST, SECOND]) index.add(`${camera}.${minute}.chunk`);
        return [index];
      },
    } as unknown as Catalog;
    const parts = {
      catalog: behind,
      logger,
      budget: new OpenFileBudget(files, 0),
      buffers: new SendBuffers(0),
      heads: new HeadBuffers(),
    };
    const startUs = Date.UTC(2025, 10, 24, 14, 33) * 1000;
    const request = { camera: CAMERA, startUs, endUs: startUs + 61_000_000, gaps: "skip" } as const;
    const laidOut = await layOutRange(parts, request, new AbortController().signal);
    if (!("file" in laidOut)) throw new Error("its end was pinned");
    await laidOut.file.close();
    const direct = await api.get(range("start=2025-11-24T14:33:00Z&end=2025-11-24T14:34:01Z"));
    expect(laidOut.file.entity.etag).toBe(direct.headers.etag);
  });
});

describe("a range whose client has gone", () => {
  it("is not laid out to its end, and its files are closed", async () => {
    const { catalog, logger } = api.parts;
    const openFiles = () => readdirSync("/proc/self/fd").length;
    const before = openFiles();
    const gone = new AbortController();
    const behind = {
      daysWithFootage: (camera: string) => catalog.daysWithFootage(camera),
      day: (camera: string, day: string) => {
        gone.abort(); // while its minutes are being found
        return catalog.day(camera, day);
      },
    } as unknown as Catalog;
    const parts = {
      catalog: behind,
      logger,
      budget: new OpenFileBudget(files, 100),
      buffers: new SendBuffers(0),
      heads: new HeadBuffers(),
    };
    const startUs = Date.UTC(2025, 10, 24, 14, 33) * 1000;
    const request = { camera: CAMERA, startUs, endUs: startUs + 61_000_000, gaps: "skip" } as const;
    await expect(layOutRange(parts, request, gone.signal)).rejects.toThrow("aborted");
    expect(openFiles()).toBeLessThanOrEqual(before);
  });
});

describe("a range of too many pictures", () => {
  it("is refused, and none of its files stays open, not of the copies in two directories either", async () => {
    const camera = "moved";
    const [now, before] = [join(store.root, camera), join(store.root, "moved-before")];
    for (const directory of [now, before]) {
      store.write(minutePath(directory, camera, FIRST, "mp4"), await realMinute(FIRST));
    }
    const { catalog, logger } = api.parts;
    const both = {
      daysWithFootage: async () => [FIRST.slice(0, 8)],
      day: async (_camera: string, day: string) =>
        [now, before].map((directory) => {
          const index = new DayIndex(camera, directory, day);
          index.add(`${camera}.${FIRST}.mp4`);
          return index;
        }),
      directories: catalog.directories,
    } as unknown as Catalog;
    const openFiles = () => readdirSync("/proc/self/fd").length;
    const open = openFiles();
    const budget = new OpenFileBudget(files, 2);
    const parts = { catalog: both, logger, budget, buffers: new SendBuffers(0), heads: new HeadBuffers() };
    const startUs = Date.UTC(2025, 10, 24, 14, 33) * 1000;
    const request = { camera, startUs, endUs: startUs + 1_000_000, gaps: "skip" } as const;
    await expect(layOutRange(parts, request, new AbortController().signal, 10)).rejects.toThrow("32 million");
    expect(openFiles()).toBeLessThanOrEqual(open);
    expect([budget.take(), budget.take(), budget.take()], "all of the budget is there again").toEqual([
      true,
      true,
      false,
    ]);
  });
});

describe("a file of a range", () => {
  it("is read from the open file though it be deleted, and beyond the budget must be the same when opened again", async () => {
    const path = join(store.root, "held");
    const budget = new OpenFileBudget(files, 1);
    const open = async () => {
      const held = (await HeldFile.open(path, budget)) as HeldFile;
      await held.keepIfAffordable(false);
      return held;
    };
    writeFileSync(path, "what was there");
    const [kept, closed] = [await open(), await open()];
    unlinkSync(path);
    expect(await (await kept.handle()).readFile("utf8")).toBe("what was there");
    await expect(closed.handle()).rejects.toThrow(FootageChangedError);
    writeFileSync(path, "another");
    await expect(closed.handle()).rejects.toThrow(FootageChangedError);
    await kept.close();
    await closed.close();
    const again = await open();
    expect(readFileSync(path, "utf8")).toBe(await (await again.handle()).readFile("utf8"));
    await again.close();
  });
});
