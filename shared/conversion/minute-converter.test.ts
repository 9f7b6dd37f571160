import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import sharp from "sharp";
import { afterEach, beforeEach, expect, test } from "vitest";
import { atPace, origin } from "../../tests/support/chunk-maker.ts";
import { convertMinute } from "./minute-converter.ts";
import { clip, endOf, FINISHED, MinuteFixture, START_US, tools } from "./testing/minute-fixture.ts";

const run = promisify(execFile);
let minute: MinuteFixture;

beforeEach(async () => {
  minute = await MinuteFixture.create();
});

afterEach(() => minute.remove());

test.each([0, 2])(
  "a chunk becomes an mp4 with every access unit, byte for byte, at its time (B-frames: %i)",
  async (bFrames) => {
    const units = atPace(await clip({ bFrames, slices: 3 }), START_US);
    await minute.put(1, units);
    const conversion = await convertMinute(minute.job, tools());
    expect(conversion).toEqual({ chunks: 1, samples: 60, quarantined: [], later: [] });
    expect(await minute.names()).toEqual(FINISHED);
    await minute.expectFrames(units);
    const movie = await minute.movie();
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
  await minute.put(1, units);
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
  await minute.put(1, units);
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

test("parameter sets that change in mid-minute stay with their frames", async () => {
  const before = atPace(await clip(), START_US);
  const after = atPace(await clip({ width: 640, height: 384 }), START_US + 2_400_000);
  await minute.put(1, [...before, ...after]);
  await convertMinute(minute.job, tools());
  await minute.expectFrames([...before, ...after]);
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

test("start codes of three bytes within an access unit, which no recorder writes between NAL units, change no byte", async () => {
  const units = atPace(await clip({ slices: 3 }), START_US);
  const short = units.map(({ data, timeUs }) => {
    const at = data.lastIndexOf(Buffer.from([0, 0, 0, 1]));
    return { timeUs, data: at === 0 ? data : Buffer.concat([data.subarray(0, at), data.subarray(at + 1)]) };
  });
  expect(short[0]?.data.length).toBe((units[0]?.data.length as number) - 1);
  await minute.put(1, short);
  await convertMinute(minute.job, tools());
  expect(await minute.names()).toEqual(FINISHED);
  await minute.expectFrames(short);
});

test("nothing half-written is ever visible under a final name, and mp4 and pictures are whole before the chunk goes", async () => {
  const once = await clip({ width: 640, height: 384 });
  const units = Array.from({ length: 60 }, (_, i) => atPace(once, START_US + i * 2_400_000)).flat();
  await minute.put(1, units);
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
    if (present.includes(FINISHED[0] as string)) expect((await minute.movie()).sizes.length).toBe(units.length);
  }
  expect(looks).toBeGreaterThan(10);
});

test("a minute without chunks is nothing to do", async () => {
  expect(await convertMinute(minute.job, tools())).toEqual({ chunks: 0, samples: 0, quarantined: [], later: [] });
});
