import { existsSync } from "node:fs";
import { chmod, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { atPace } from "../../tests/support/chunk-maker.ts";
import { OPAQUE_SEI, spsOf, withOpaqueSei, withSps } from "../../tests/support/odd-units.ts";
import { splitAccessUnit } from "../codec/h264/access-unit.ts";
import { H264 } from "../codec/h264/h264.ts";
import { FrameGrabber } from "../pictures/frame-grabber.ts";
import { keyframeOf } from "../pictures/keyframe.ts";
import { LARGEST_PIXELS } from "../pictures/picture-size.ts";
import { convertMinute } from "./minute-converter.ts";
import { clip, FINISHED, MinuteFixture, START_US, tools } from "./testing/minute-fixture.ts";

let minute: MinuteFixture;

beforeEach(async () => {
  minute = await MinuteFixture.create();
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await minute.remove();
});

/** An ffmpeg that notes its input, and does nothing. */
async function notingFfmpeg(): Promise<{ path: string; noted: string }> {
  const path = join(minute.directory, "noting-ffmpeg");
  const noted = `${path}.txt`;
  await writeFile(path, `#!/bin/sh\n{ env; ulimit -v; echo "$@"; } > ${noted}\n`);
  await chmod(path, 0o755);
  return { path, noted };
}

test("a picture of 16000x16000 is given to no ffmpeg: its minute becomes an mp4 without pictures, for a reason of its own", async () => {
  const hostile = spsOf(1000, 1000);
  const units = atPace(await clip(), START_US).map(({ data, timeUs }) => ({
    timeUs,
    data: data.includes(Buffer.from([0, 0, 0, 1, 0x67])) ? withSps(data, hostile) : data,
  }));
  await minute.put(1, units);
  const { path, noted } = await notingFfmpeg();
  const { samples, quarantined, withoutPictures } = await convertMinute(minute.job, tools({ ffmpegPath: path }));
  expect({ samples, quarantined }).toEqual({ samples: 60, quarantined: [] });
  expect(withoutPictures).toBe(`a picture of 16000x16000, more than converter.maxPixels (${LARGEST_PIXELS}) allows`);
  expect(await minute.names()).toEqual([FINISHED[0]]);
  expect((await minute.movie()).keyframes).toHaveLength(3);
  expect(existsSync(noted)).toBe(false);
});

test("a keyframe that is too large costs no picture when a later one is not", async () => {
  const units = atPace(await clip(), START_US);
  const large = { timeUs: START_US, data: withSps(units[0]?.data as Buffer, spsOf(1000, 1000)) };
  await minute.put(1, [large, ...units.slice(1)]);
  expect((await convertMinute(minute.job, tools())).withoutPictures).toBeUndefined();
  expect(await minute.names()).toEqual(FINISHED);
});

test("ffmpeg gets a limit of pixels, no input but the one that is piped, a limit of memory, and none of our secrets", async () => {
  vi.stubEnv("NVR_CAMERAS", '{"yard":{"url":"rtsp://admin:secret@192.0.2.1/"}}');
  vi.stubEnv("REDIS_URL", "redis://:secret@127.0.0.1/");
  vi.stubEnv("NVR_HEALTH_WEBHOOK_URL", "https://alerts.example/secret");
  const nals = splitAccessUnit((await clip())[0]?.data as Buffer);
  const configuration = H264.configurationOf(nals);
  if (configuration === undefined) throw new Error("no parameter sets in the clip");
  const { path, noted } = await notingFfmpeg();
  const grabber = new FrameGrabber({ ffmpegPath: path, timeoutMs: 20_000, maxPixels: 1_000_000 });
  await grabber.grab([keyframeOf(nals, configuration, 1_000_000)]);
  const lines = (await readFile(noted, "utf8")).trim().split("\n");
  const [limit, commandLine] = lines.slice(-2) as [string, string];
  const [input] = commandLine.split("-i pipe:0");
  expect(input).toContain("-max_pixels 1000000");
  expect(input).toContain("-protocol_whitelist pipe");
  expect(Number(limit) * 1024).toBe(2 ** 30 + 32_000_000 - ((2 ** 30 + 32_000_000) % 1024));
  const names = lines.slice(0, -2).map((line) => line.split("=")[0]);
  expect(new Set([...names, "PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH", "PWD", "OLDPWD", "SHLVL", "_"]).size).toBe(8);
  expect(lines.join("\n")).not.toContain("secret");
});

test("an SEI that holds start codes changes neither frames nor keyframes nor the preview of a minute", async () => {
  const plain = atPace(await clip(), START_US);
  const units = plain.map(({ data, timeUs }) => ({ timeUs, data: withOpaqueSei(data) }));
  await minute.put(1, units);
  const { quarantined } = await convertMinute(minute.job, tools());
  expect(quarantined).toEqual([]);
  expect(await minute.names()).toEqual(FINISHED);
  const { keyframes, offsets, sizes } = await minute.movie();
  expect(Array.from(keyframes)).toEqual([0, 20, 40]);
  const mp4 = await readFile(minute.path("mp4"));
  for (const [i, { data }] of units.entries()) {
    const sample = mp4.subarray(offsets[i], (offsets[i] as number) + (sizes[i] as number));
    expect(sample.length).toBe(data.length);
    expect(sample.readUInt32BE(sample.indexOf(OPAQUE_SEI) - 4)).toBe(OPAQUE_SEI.length);
  }
  const other = await MinuteFixture.create();
  await other.put(1, plain);
  await convertMinute(other.job, tools());
  expect((await readFile(minute.path("preview"))).equals(await readFile(other.path("preview")))).toBe(true);
  await other.remove();
});
