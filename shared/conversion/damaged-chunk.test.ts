import { readFile } from "node:fs/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { atPace, origin, type TimedUnit } from "../../tests/support/chunk-maker.ts";
import { BadChunkError } from "./errors.ts";
import { IdleWatch } from "./idle-watch.ts";
import { convertMinute } from "./minute-converter.ts";
import { clip, endOf, FINISHED, MinuteFixture, START_US, tools } from "./testing/minute-fixture.ts";

let minute: MinuteFixture;

beforeEach(async () => {
  minute = await MinuteFixture.create();
});

afterEach(() => minute.remove());

test("a first keyframe that cannot be decoded costs no frame; the preview shows the next keyframe", async () => {
  const units = atPace(await clip(), START_US);
  const first = units[0] as TimedUnit;
  const bad = Buffer.from(first.data);
  for (let at = bad.length >> 1; at < bad.length - 1; at++) bad[at] = 0x55 ^ (at & 0x7f);
  const poisoned = [{ ...first, data: bad }, ...units.slice(1)];
  await minute.put(1, poisoned);
  await convertMinute(minute.job, tools());
  expect(await minute.names()).toEqual(FINISHED);
  const movie = await minute.movie();
  const bytes = await readFile(minute.path("mp4"));
  for (const [i, { data }] of poisoned.entries()) {
    const at = movie.offsets[i] as number;
    expect(bytes.subarray(at + 4, at + (movie.sizes[i] as number)).includes(data.subarray(-20))).toBe(true);
  }
  const second = await MinuteFixture.create();
  await second.write(1, { units: units.slice(20), origin: origin(), endUs: endOf(units) });
  await convertMinute(second.job, tools());
  expect((await readFile(minute.path("preview"))).equals(await readFile(second.path("preview")))).toBe(true);
  await second.remove();
});

test("a chunk without anything that can be decoded is a bad chunk, and stays where it is", async () => {
  const junk = Buffer.concat([Buffer.from([0, 0, 0, 1, 0x65]), Buffer.alloc(2000, 0x5a)]);
  await minute.put(1, [{ data: junk, timeUs: START_US }]);
  const error = await convertMinute(minute.job, tools()).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(BadChunkError);
  expect((error as BadChunkError).paths).toEqual([minute.chunk(1)]);
  expect(await minute.names()).toEqual(["cam.20251124.1432.chunk"]);
});

test("a chunk damaged in the middle is kept in quarantine with the reason, what comes before is converted", async () => {
  const units = atPace(await clip(), START_US);
  await minute.write(1, { units, origin: origin(), tail: Buffer.alloc(3000, 0xee) });
  const watch = new IdleWatch(() => now);
  let now = 0;
  await convertMinute(minute.job, tools({}, watch)).catch(() => {});
  now = 31_000;
  await convertMinute(minute.job, tools({}, watch));
  expect(await minute.names()).toEqual(FINISHED);
  await minute.expectFrames(units);
  expect(await minute.quarantined()).toEqual(["cam.20251124.1432.chunk", "cam.20251124.1432.chunk.json"]);
});

test("a chunk whose access units begin with start codes of three bytes, as no recorder writes, goes into quarantine with the reason", async () => {
  const units = atPace(await clip(), START_US);
  await minute.put(
    1,
    units.map(({ data, timeUs }) => ({ timeUs, data: data.subarray(1) })),
  );
  const bytes = await readFile(minute.chunk(1));
  const watch = new IdleWatch(() => now);
  let now = 0;
  await convertMinute(minute.job, tools({}, watch)).catch(() => {});
  now = 31_000;
  const { samples, quarantined } = await convertMinute(minute.job, tools({}, watch));
  expect([samples, quarantined.length]).toEqual([0, 1]);
  const [kept] = quarantined as [string];
  expect((await readFile(kept)).equals(bytes)).toBe(true);
  expect(await readFile(`${kept}.json`, "utf8")).toContain("without a start code of four bytes");
  expect(await minute.names()).toEqual([]);
});

test("frames without a keyframe to go by are kept in quarantine, not dropped", async () => {
  const units = atPace(await clip(), START_US);
  await minute.put(1, units.slice(5));
  await convertMinute(minute.job, tools());
  await minute.expectFrames(units.slice(20), START_US + 20 * 40_000);
  expect(await minute.quarantined()).toHaveLength(2);
});
