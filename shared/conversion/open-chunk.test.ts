import { appendFile, open } from "node:fs/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { atPace, chunkBytes, origin } from "../../tests/support/chunk-maker.ts";
import { NotYetError } from "./errors.ts";
import { IdleWatch } from "./idle-watch.ts";
import { convertMinute } from "./minute-converter.ts";
import { clip, FINISHED, MinuteFixture, START_US, tools } from "./testing/minute-fixture.ts";

let minute: MinuteFixture;

beforeEach(async () => {
  minute = await MinuteFixture.create();
});

afterEach(() => minute.remove());

test("a torn tail is cut at the last whole block, and the frames before it are converted", async () => {
  const units = atPace(await clip(), START_US);
  const tail = chunkBytes({ units: units.slice(0, 1) }).subarray(0, 1000);
  await minute.write(1, { units, origin: origin(), tail });
  const watch = new IdleWatch(() => now);
  let now = 0;
  await expect(convertMinute(minute.job, tools({}, watch))).rejects.toThrow(NotYetError);
  now = 31_000;
  await convertMinute(minute.job, tools({}, watch));
  expect(await minute.names()).toEqual(FINISHED);
  await minute.expectFrames(units);
});

test("a chunk that still grows is left alone, also when the wall clock makes it look old", async () => {
  const units = atPace(await clip(), START_US);
  await minute.write(1, { units, origin: origin() });
  let now = 0;
  const watch = new IdleWatch(() => now);
  const old = new Date(Date.now() - 3_600_000);
  for (let i = 0; i < 20; i++) {
    const file = await open(minute.chunk(1), "a");
    await file.utimes(old, new Date(old.getTime() + i));
    await file.close();
    now += 4000;
    await expect(convertMinute(minute.job, tools({}, watch))).rejects.toThrow(NotYetError);
  }
  now += 6000;
  await convertMinute(minute.job, tools({}, watch));
  expect(await minute.names()).toEqual(FINISHED);
});

test("a minute that is not over is left alone", async () => {
  const future = { ...minute.job, minute: "20991231.2359" };
  await expect(convertMinute(future, tools())).rejects.toThrow("the minute is not over");
});

test("a chunk that grows while it is being converted is not removed", async () => {
  const units = atPace(await clip(), START_US);
  await minute.put(1, units);
  const kit = tools();
  const grab = kit.previews.grab.bind(kit.previews);
  kit.previews.grab = async (keyframe) => {
    await appendFile(minute.chunk(1), "x");
    return grab(keyframe);
  };
  await expect(convertMinute(minute.job, kit)).rejects.toThrow("has grown meanwhile");
  expect(await minute.names()).toContain("cam.20251124.1432.chunk");
});
