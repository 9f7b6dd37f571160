import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { appendFile, open, readFile, stat, writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import sharp from "sharp";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readMinute } from "../../shared/mp4/minute-file.ts";
import type { ReadMovie } from "../../shared/mp4/movie-reader.ts";
import {
  atPace,
  type ClipUnit,
  chunkBytes,
  makeClip,
  origin,
  type TimedUnit,
} from "../../tests/support/chunk-maker.ts";
import { BadChunkError, NotYetError } from "./errors.ts";
import { IdleWatch } from "./idle-watch.ts";
import { convertMinute } from "./minute-converter.ts";
import { endOf, FINISHED, MinuteFixture, START_US, tools } from "./testing/minute-fixture.ts";

const run = promisify(execFile);
let minute: MinuteFixture;

beforeEach(async () => {
  minute = await MinuteFixture.create();
});

afterEach(() => minute.remove());

function sha256(data: Buffer): string {
  return createHash("sha256").update(data).digest("hex");
}

/** What ffprobe finds in the mp4 are these access units, in this order, at these times from `startUs` on. */
async function expectFrames(units: readonly TimedUnit[], startUs = START_US): Promise<void> {
  const frames = await minute.frames();
  expect(frames.map((frame) => frame.sha256)).toEqual(units.map(({ data }) => sha256(data)));
  for (const [i, { pts }] of frames.entries()) {
    expect(Math.abs(pts - ((units[i]?.timeUs as number) - startUs) / 1e6)).toBeLessThan(0.0001);
  }
}

async function readMovie(): Promise<ReadMovie> {
  const file = await open(minute.path("mp4"), "r");
  try {
    return await readMinute(file);
  } finally {
    await file.close();
  }
}

async function write(part: number, units: TimedUnit[], recorder = "a", changes = {}): Promise<void> {
  const openedUs = (units[0]?.timeUs as number) + part;
  await minute.write(part, { units, origin: origin(recorder, changes), openedUs, endUs: endOf(units) });
}

const clip = (changes = {}): Promise<ClipUnit[]> => makeClip({ frames: 60, gop: 20, ...changes });

test.each([0, 2])(
  "a chunk becomes an mp4 with every access unit, byte for byte, at its time (B-frames: %i)",
  async (bFrames) => {
    const units = atPace(await clip({ bFrames, slices: 3 }), START_US);
    await write(1, units);
    const conversion = await convertMinute(minute.job, tools());
    expect(conversion).toEqual({ chunks: 1, samples: 60, quarantined: [] });
    expect(await minute.names()).toEqual(FINISHED);
    await expectFrames(units);
    const movie = await readMovie();
    expect(movie.record.spans).toEqual([
      { sampleCount: 60, firstCaptureTimeUs: START_US, endUs: endOf(units), origin: origin("a") },
    ]);
    const { stdout } = await run("ffprobe", [
      "-v",
      "error",
      "-show_entries",
      "format_tags=creation_time:format=duration",
      "-of",
      "csv=p=0",
      minute.path("mp4"),
    ]);
    expect(stdout.trim()).toBe("2.400000,2025-11-24T14:32:00.000000Z");
  },
);

test("what ffmpeg decodes from the mp4 is what it decodes from the chunk's blocks, picture for picture", async () => {
  const units = atPace(await clip({ bFrames: 2 }), START_US);
  await write(1, units);
  const stream = `${minute.directory}/stream.h264`;
  await writeFile(stream, Buffer.concat(units.map(({ data }) => data)));
  await convertMinute(minute.job, tools());
  const pictures = async (path: string) => {
    const { stdout } = await run("ffmpeg", [
      "-v",
      "error",
      "-i",
      path,
      "-f",
      "framehash",
      "-hash",
      "sha256",
      "-fps_mode",
      "passthrough",
      "-",
    ]);
    return stdout
      .split("\n")
      .filter((line) => line.startsWith("0,"))
      .map((line) => line.split(",").at(-1)?.trim());
  };
  const decoded = await pictures(minute.path("mp4"));
  expect(decoded).toHaveLength(60);
  expect(decoded).toEqual(await pictures(stream));
});

test("preview and thumbnail show the first frame, full size and 160 px wide, in full colour range", async () => {
  const units = atPace(await clip({ width: 640, height: 384 }), START_US);
  await write(1, units);
  await convertMinute(minute.job, tools());
  expect(await sharp(minute.path("preview")).metadata()).toMatchObject({ format: "jpeg", width: 640, height: 384 });
  expect(await sharp(minute.path("thumbnail")).metadata()).toMatchObject({ format: "jpeg", width: 160, height: 96 });
  const first = `${minute.directory}/first.png`;
  await run("ffmpeg", ["-v", "error", "-i", minute.path("mp4"), "-frames:v", "1", first]);
  const [seen, wanted] = await Promise.all(
    [minute.path("preview"), first].map((path) => sharp(path).removeAlpha().raw().toBuffer()),
  );
  let difference = 0;
  for (let i = 0; i < (wanted as Buffer).length; i++)
    difference += Math.abs((wanted?.[i] as number) - (seen?.[i] as number));
  expect(difference / (wanted as Buffer).length).toBeLessThan(6);
});

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
  await expectFrames(units);
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

test("parameter sets that change in mid-minute stay with their frames", async () => {
  const before = atPace(await clip(), START_US);
  const after = atPace(await clip({ width: 640, height: 384 }), START_US + 2_400_000);
  await write(1, [...before, ...after]);
  await convertMinute(minute.job, tools());
  await expectFrames([...before, ...after]);
  const { stdout } = await run("ffprobe", [
    "-v",
    "error",
    "-show_entries",
    "frame=width",
    "-of",
    "csv=p=0",
    minute.path("mp4"),
  ]);
  expect(stdout.trim().split(/[\s,]+/)).toEqual([...Array(60).fill("320"), ...Array(60).fill("640")]);
});

test("a gap between parts keeps its time, as the duration of the frame before it", async () => {
  const before = atPace(await clip(), START_US);
  const after = atPace(await clip({ hue: 90 }), START_US + 20_000_000);
  await write(1, before);
  await write(2, after, "a", { session: 2 });
  await convertMinute(minute.job, tools());
  expect(await minute.names()).toEqual(FINISHED);
  await expectFrames([...before, ...after]);
  const { record } = await readMovie();
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
  await expectFrames(units);
  expect((await readMovie()).record.spans).toHaveLength(1);
});

test("a late part is merged into the minute, without a frame lost or doubled", async () => {
  const units = atPace(await clip({ bFrames: 2 }), START_US);
  await write(1, units.slice(20, 40));
  await convertMinute(minute.job, tools());
  await write(1, units.slice(0, 20), "a", { session: 0 });
  await write(2, units.slice(40), "b");
  const preview = await readFile(minute.path("preview"));
  await convertMinute(minute.job, tools());
  expect(await minute.names()).toEqual(FINISHED);
  await expectFrames(units);
  expect((await readFile(minute.path("preview"))).equals(preview)).toBe(false);
});

test("a late part behind what is there leaves the preview as it is", async () => {
  const units = atPace(await clip(), START_US);
  await write(1, units.slice(0, 40));
  await convertMinute(minute.job, tools());
  const before = await stat(minute.path("preview"));
  await write(1, units.slice(40));
  await convertMinute(minute.job, tools());
  await expectFrames(units);
  expect((await stat(minute.path("preview"))).ino).toBe(before.ino);
});

test("a chunk that is found again after it went into the mp4 is removed, and not added again", async () => {
  const units = atPace(await clip(), START_US);
  await write(1, units);
  await write(2, atPace(await clip({ hue: 90 }), START_US + 10_000_000));
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
  await expectFrames(units);
});

test("where two recorders overlapped, every moment is there once, also when the second part comes late", async () => {
  const all = await clip({ frames: 100 });
  const a = atPace(all.slice(0, 60), START_US);
  const other = await clip({ frames: 100, hue: 90 });
  const b = atPace(other.slice(40), START_US + 40 * 40_000 + 5000);
  const wanted = [...a.slice(0, 40), ...b];
  await write(1, a);
  await write(2, b, "b", { boot: "elsewhere", clockOffsetUs: 5 });
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
  await write(1, before);
  await write(2, after, "b", { clockOffsetUs: origin().clockOffsetUs - 15_000_000 });
  await convertMinute(minute.job, tools());
  const frames = await minute.frames();
  expect(frames.map((frame) => frame.sha256)).toEqual([...before, ...after].map(({ data }) => sha256(data)));
  expect(frames[60]?.pts).toBeCloseTo(2.4, 4);
  expect((await readMovie()).record.spans.map(({ firstCaptureTimeUs }) => firstCaptureTimeUs)).toEqual([
    START_US + 20_000_000,
    START_US + 20_500_000,
  ]);
});

test("a first keyframe that cannot be decoded costs no frame; the preview shows the next keyframe", async () => {
  const units = atPace(await clip(), START_US);
  const first = units[0] as TimedUnit;
  const bad = Buffer.from(first.data);
  for (let at = bad.length >> 1; at < bad.length - 1; at++) bad[at] = 0x55 ^ (at & 0x7f);
  const poisoned = [{ ...first, data: bad }, ...units.slice(1)];
  await write(1, poisoned);
  await convertMinute(minute.job, tools());
  expect(await minute.names()).toEqual(FINISHED);
  const movie = await readMovie();
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
  await write(1, [{ data: junk, timeUs: START_US }]);
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
  await expectFrames(units);
  expect(await minute.quarantined()).toEqual(["cam.20251124.1432.chunk", "cam.20251124.1432.chunk.json"]);
});

test("frames without a keyframe to go by are kept in quarantine, not dropped", async () => {
  const units = atPace(await clip(), START_US);
  await write(1, units.slice(5));
  await convertMinute(minute.job, tools());
  await expectFrames(units.slice(20), START_US + 20 * 40_000);
  expect(await minute.quarantined()).toHaveLength(2);
});

test("start codes of three bytes within an access unit are converted as well", async () => {
  const units = atPace(await clip({ slices: 3 }), START_US);
  const short = units.map(({ data, timeUs }) => {
    const at = data.lastIndexOf(Buffer.from([0, 0, 0, 1]));
    return { timeUs, data: at === 0 ? data : Buffer.concat([data.subarray(0, at), data.subarray(at + 1)]) };
  });
  expect(short[0]?.data.length).toBe((units[0]?.data.length as number) - 1);
  await write(1, short);
  await convertMinute(minute.job, tools());
  expect(await minute.names()).toEqual(FINISHED);
  await expectFrames(units);
});

test("a mp4 that cannot be read is never overwritten: the late part is the bad chunk", async () => {
  await write(1, atPace(await clip(), START_US));
  await writeFile(minute.path("mp4"), "not an mp4");
  await expect(convertMinute(minute.job, tools())).rejects.toThrow(/cannot be merged into .*mp4/);
  expect(await readFile(minute.path("mp4"), "utf8")).toBe("not an mp4");
});

test("a chunk that grows while it is being converted is not removed", async () => {
  const units = atPace(await clip(), START_US);
  await write(1, units);
  const kit = tools();
  const grab = kit.previews.grab.bind(kit.previews);
  kit.previews.grab = async (keyframe) => {
    await appendFile(minute.chunk(1), "x");
    return grab(keyframe);
  };
  await expect(convertMinute(minute.job, kit)).rejects.toThrow("has grown meanwhile");
  expect(await minute.names()).toContain("cam.20251124.1432.chunk");
});

test("nothing half-written is ever visible under a final name, and mp4 and pictures are whole before the chunk goes", async () => {
  const once = await clip({ width: 640, height: 384 });
  const units = Array.from({ length: 60 }, (_, i) => atPace(once, START_US + i * 2_400_000)).flat();
  await write(1, units);
  let looks = 0;
  const conversion = convertMinute(minute.job, tools());
  for (let isOver = false; !isOver; looks++) {
    isOver = await Promise.race([conversion.then(() => true), sleep(1, false)]);
    const present = (await minute.names()).filter((name) => !name.startsWith("."));
    if (!present.some((name) => name.endsWith(".chunk"))) expect(present).toEqual(FINISHED);
    for (const kind of ["preview", "thumbnail"] as const) {
      const jpeg = await readFile(minute.path(kind)).catch(() => undefined);
      if (jpeg !== undefined) expect(jpeg.subarray(-2).toString("hex")).toBe("ffd9");
    }
    if (present.includes(FINISHED[0] as string)) expect((await readMovie()).sizes.length).toBe(units.length);
  }
  expect(looks).toBeGreaterThan(10);
});

test("a minute without chunks is nothing to do", async () => {
  expect(await convertMinute(minute.job, tools())).toEqual({ chunks: 0, samples: 0, quarantined: [] });
});
