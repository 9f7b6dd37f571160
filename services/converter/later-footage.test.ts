import { readFile, stat, writeFile } from "node:fs/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { BLOCK_HEADER_BYTES } from "../../shared/chunk/format.ts";
import { IdleWatch } from "../../shared/conversion/idle-watch.ts";
import { convertMinute } from "../../shared/conversion/minute-converter.ts";
import { clip, FINISHED, MinuteFixture, START_US, tools } from "../../shared/conversion/testing/minute-fixture.ts";
import { atPace, chunkBytes, origin, type TimedUnit, writeChunk } from "../../tests/support/chunk-maker.ts";
import { foreignMovie } from "../../tests/support/foreign-movie.ts";
import { LaterFootage } from "./later-footage.ts";

// What a later version of Hindsight may have left in the store: this version keeps it unchanged.

let minute: MinuteFixture;
let units: TimedUnit[];

beforeEach(async () => {
  minute = await MinuteFixture.create();
  units = atPace(await clip(), START_US);
});

afterEach(() => minute.remove());

/** A block as docs/storage.md describes it, built by hand. */
function block(kind: number, data: Buffer, timeUs = START_US): Buffer {
  const header = Buffer.alloc(BLOCK_HEADER_BYTES);
  header.writeUInt8(kind, 0);
  header.writeBigUInt64BE(BigInt(data.length), 1);
  header.writeBigUInt64BE(BigInt(timeUs), 9);
  return Buffer.concat([header, data]);
}

test("a closed chunk of nothing but unknown blocks stays as it is, and is told", async () => {
  const frames = Array.from({ length: 30 }, () => block(1, Buffer.alloc(100_000, 0x5a)));
  const bytes = Buffer.concat([
    chunkBytes({ units: [], origin: origin(), openedUs: START_US }),
    ...frames,
    block(255, Buffer.alloc(0)),
  ]);
  await writeChunk(minute.chunk(1), { units: [], tail: bytes });
  const { chunks, samples, later } = await convertMinute(minute.job, tools());
  expect({ chunks, samples }).toEqual({ chunks: 0, samples: 0 });
  expect(later).toEqual([{ path: minute.chunk(1), reason: expect.stringContaining("does not know: 1") }]);
  expect((await readFile(minute.chunk(1))).equals(bytes)).toBe(true);
  expect(await minute.names()).toEqual(["cam.20251124.1432.chunk"]);
});

test("a chunk with an unknown block amid its video waits, while the minute's other parts are converted", async () => {
  const mixed = chunkBytes({
    units: units.slice(20),
    origin: origin("a"),
    openedUs: START_US + 2,
    tail: block(9, Buffer.from("?")),
  });
  await writeChunk(minute.chunk(2), { units: [], tail: mixed });
  await minute.put(1, units.slice(0, 20));
  const watch = new IdleWatch(() => nowMs);
  let nowMs = 0;
  await convertMinute(minute.job, tools({}, watch)).catch(() => {}); // the chunk may still be growing
  nowMs = 31_000;
  const { chunks, later } = await convertMinute(minute.job, tools({}, watch));
  expect(chunks).toBe(1);
  expect(later.map(({ path }) => path)).toEqual([minute.chunk(2)]);
  expect(await minute.names()).toEqual(["cam.20251124.1432.2.chunk", ...FINISHED]);
  await minute.expectFrames(units.slice(0, 20));
});

test("a torn block of an unknown kind counts as well", async () => {
  const torn = block(2, Buffer.alloc(5000, 1)).subarray(0, 3000);
  await writeChunk(minute.chunk(1), { units, origin: origin(), tail: torn });
  const watch = new IdleWatch(() => nowMs);
  let nowMs = 0;
  await convertMinute(minute.job, tools({}, watch)).catch(() => {});
  nowMs = 31_000;
  expect((await convertMinute(minute.job, tools({}, watch))).later).toHaveLength(1);
  expect(await minute.names()).toEqual(["cam.20251124.1432.chunk"]);
});

test.each([
  [
    "a capture record of version 2",
    (mp4: Buffer) => {
      mp4.writeUInt8(2, mp4.indexOf(Buffer.from("c3f1a6d2", "hex")) + 16);
      return mp4;
    },
    /version 2/,
  ],
  ["sound beside its video", () => foreignMovie({ startUs: START_US }), /more than its one video track/],
  ["a second video track", () => foreignMovie({ startUs: START_US, maps: ["video", "video"] }), /one video track/],
  [
    "another codec",
    (mp4: Buffer) => {
      mp4.write("hvc1", mp4.indexOf("avc1avcC".slice(0, 4), 200), "latin1");
      return mp4;
    },
    /hvc1/,
  ],
])("nothing is merged into an mp4 with %s: both stay as they are", async (_, change, reason) => {
  await minute.put(1, units.slice(0, 20));
  await convertMinute(minute.job, tools());
  const own = await readFile(minute.path("mp4"));
  const mp4 = change(own);
  await writeFile(minute.path("mp4"), mp4);
  await minute.put(2, units.slice(20));
  const { ino } = await stat(minute.chunk(2));
  const { chunks, later } = await convertMinute(minute.job, tools());
  expect(chunks).toBe(0);
  expect(later).toEqual([{ path: minute.chunk(2), reason: expect.stringMatching(reason) }]);
  expect((await stat(minute.chunk(2))).ino).toBe(ino);
  expect((await readFile(minute.path("mp4"))).equals(mp4)).toBe(true);
});

test("a wrong length that hides the rest of a chunk as a torn block: what comes before is converted, the chunk is kept", async () => {
  const bytes = chunkBytes({ units, origin: origin() });
  const at = chunkBytes({ units: units.slice(0, 30), origin: origin() }).length;
  bytes.writeBigUInt64BE(30_000_000n, at + 1);
  await writeChunk(minute.chunk(1), { units: [], tail: bytes });
  const watch = new IdleWatch(() => nowMs);
  let nowMs = 0;
  await convertMinute(minute.job, tools({}, watch)).catch(() => {});
  nowMs = 31_000;
  const { samples, quarantined } = await convertMinute(minute.job, tools({}, watch));
  expect(samples).toBe(30);
  expect(quarantined).toHaveLength(1);
  expect((await readFile(quarantined[0] as string)).equals(bytes)).toBe(true);
});

test("a chunk of an origin and the torn beginning of its first frame is spent", async () => {
  const bytes = chunkBytes({ units: units.slice(0, 1), origin: origin() });
  await writeChunk(minute.chunk(1), { units: [], tail: bytes.subarray(0, -100) });
  const watch = new IdleWatch(() => nowMs);
  let nowMs = 0;
  await convertMinute(minute.job, tools({}, watch)).catch(() => {});
  nowMs = 31_000;
  expect((await convertMinute(minute.job, tools({}, watch))).quarantined).toEqual([]);
  expect(await minute.names()).toEqual([]);
});

test("what waits is told once, with what to do, and looked into again after a while", () => {
  const told: string[] = [];
  let nowMs = 0;
  const later = new LaterFootage(
    (message) => told.push(message),
    () => nowMs,
  );
  later.note({ path: "/a.chunk", reason: "blocks of kind 1" });
  later.note({ path: "/a.chunk", reason: "blocks of kind 1" });
  expect(told).toEqual([expect.stringContaining("/a.chunk")]);
  expect(later.waits("/a.chunk")).toBe(true);
  expect(later.problems()[0]).toContain("upgrade the converter");
  nowMs = 11 * 60_000;
  expect(later.waits("/a.chunk")).toBe(false);
});
