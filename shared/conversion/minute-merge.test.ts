import { readFile, stat, writeFile } from "node:fs/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { atPace, origin } from "../../tests/support/chunk-maker.ts";
import { convertMinute } from "./minute-converter.ts";
import { clip, endOf, FINISHED, MinuteFixture, START_US, sha256, tools } from "./testing/minute-fixture.ts";

let minute: MinuteFixture;

beforeEach(async () => {
  minute = await MinuteFixture.create();
});

afterEach(() => minute.remove());

test("a gap between parts keeps its time, as the duration of the frame before it", async () => {
  const before = atPace(await clip(), START_US);
  const after = atPace(await clip({ hue: 90 }), START_US + 20_000_000);
  await minute.put(1, before);
  await minute.put(2, after, "a", { session: 2 });
  await convertMinute(minute.job, tools());
  expect(await minute.names()).toEqual(FINISHED);
  await minute.expectFrames([...before, ...after]);
  const { record } = await minute.movie();
  expect(record.spans.map(({ firstCaptureTimeUs, endUs }) => [firstCaptureTimeUs, endUs])).toEqual([
    [START_US, endOf(before)],
    [START_US + 20_000_000, endOf(after)],
  ]);
});

test("a part that goes on in the middle of a GOP, after a failed write, joins the part before it", async () => {
  const units = atPace(await clip({ bFrames: 2 }), START_US);
  await minute.write(1, {
    units: units.slice(0, 33),
    origin: origin(),
    openedUs: 1,
    endUs: units[33]?.timeUs as number,
  });
  await minute.write(2, { units: units.slice(33), origin: origin(), openedUs: 2, endUs: endOf(units) });
  await convertMinute(minute.job, tools());
  await minute.expectFrames(units);
  expect((await minute.movie()).record.spans).toHaveLength(1);
});

test("a late part is merged into the minute, without a frame lost or doubled", async () => {
  const units = atPace(await clip({ bFrames: 2 }), START_US);
  await minute.put(1, units.slice(20, 40));
  await convertMinute(minute.job, tools());
  await minute.put(1, units.slice(0, 20), "a", { session: 0 });
  await minute.put(2, units.slice(40), "b");
  const preview = await readFile(minute.path("preview"));
  await convertMinute(minute.job, tools());
  expect(await minute.names()).toEqual(FINISHED);
  await minute.expectFrames(units);
  expect((await readFile(minute.path("preview"))).equals(preview)).toBe(false);
});

test("a late part behind what is there leaves the preview as it is", async () => {
  const units = atPace(await clip(), START_US);
  await minute.put(1, units.slice(0, 40));
  await convertMinute(minute.job, tools());
  const before = await stat(minute.path("preview"));
  await minute.put(1, units.slice(40));
  await convertMinute(minute.job, tools());
  await minute.expectFrames(units);
  expect((await stat(minute.path("preview"))).ino).toBe(before.ino);
});

test("a chunk that is found again after it went into the mp4 is removed, and not added again", async () => {
  const units = atPace(await clip(), START_US);
  await minute.put(1, units);
  await minute.put(2, atPace(await clip({ hue: 90 }), START_US + 10_000_000));
  const chunk = await readFile(minute.chunk(1));
  await convertMinute(minute.job, tools());
  const mp4 = await readFile(minute.path("mp4"));
  await writeFile(minute.chunk(1), chunk);
  await convertMinute(minute.job, tools());
  expect(await minute.names()).toEqual(FINISHED);
  expect((await readFile(minute.path("mp4"))).equals(mp4)).toBe(true);
});

test("of a chunk that grew after it was merged only what is new is added", async () => {
  const units = atPace(await clip(), START_US);
  await minute.write(1, {
    units: units.slice(0, 33),
    origin: origin(),
    openedUs: 1,
    endUs: units[33]?.timeUs as number,
  });
  await convertMinute(minute.job, tools());
  await minute.write(1, { units, origin: origin(), openedUs: 1, endUs: endOf(units) });
  await convertMinute(minute.job, tools());
  expect(await minute.names()).toEqual(FINISHED);
  await minute.expectFrames(units);
});

test("where two recorders overlapped, every moment is there once, also when the second part comes late", async () => {
  const all = await clip({ frames: 100 });
  const a = atPace(all.slice(0, 60), START_US);
  const other = await clip({ frames: 100, hue: 90 });
  const b = atPace(other.slice(40), START_US + 40 * 40_000 + 5000);
  const wanted = [...a.slice(0, 40), ...b];
  await minute.put(1, a);
  await minute.put(2, b, "b", { boot: "elsewhere", clockOffsetUs: 5 });
  await convertMinute(minute.job, tools());
  const frames = await minute.frames();
  expect(frames).toHaveLength(100);
  for (let i = 1; i < frames.length; i++) {
    expect((frames[i]?.pts as number) - (frames[i - 1]?.pts as number)).toBeGreaterThan(0.03);
    expect((frames[i]?.pts as number) - (frames[i - 1]?.pts as number)).toBeLessThan(0.05);
  }
  const late = await MinuteFixture.create();
  try {
    await late.write(1, { units: b, origin: origin("b", { boot: "elsewhere", clockOffsetUs: 5 }), endUs: endOf(b) });
    await convertMinute(late.job, tools());
    await late.write(1, { units: a, origin: origin("a"), endUs: endOf(a) });
    await convertMinute(late.job, tools());
    expect(await late.frames()).toHaveLength(wanted.length);
  } finally {
    await late.remove();
  }
});

test("after the wall clock was stepped back both sides are kept, one behind the other", async () => {
  const before = atPace(await clip(), START_US + 20_000_000);
  const after = atPace(await clip({ hue: 90 }), START_US + 20_500_000);
  await minute.put(1, before);
  await minute.put(2, after, "b", { clockOffsetUs: origin().clockOffsetUs - 15_000_000 });
  await convertMinute(minute.job, tools());
  const frames = await minute.frames();
  expect(frames.map((frame) => frame.sha256)).toEqual([...before, ...after].map(({ data }) => sha256(data)));
  expect(frames[60]?.pts).toBeCloseTo(2.4, 4);
  expect((await minute.movie()).record.spans.map(({ firstCaptureTimeUs }) => firstCaptureTimeUs)).toEqual([
    START_US + 20_000_000,
    START_US + 20_500_000,
  ]);
});

test("a mp4 that cannot be read is never overwritten: the late part is the bad chunk", async () => {
  await minute.put(1, atPace(await clip(), START_US));
  await writeFile(minute.path("mp4"), "not an mp4");
  await expect(convertMinute(minute.job, tools())).rejects.toThrow(/cannot be merged into .*mp4/);
  expect(await readFile(minute.path("mp4"), "utf8")).toBe("not an mp4");
});
