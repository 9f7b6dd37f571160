import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BufferSource, Input, MP4 } from "mediabunny";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { MovieFragments } from "../../services/api/live/movie-fragments.ts";
import { startConversion } from "../../services/api/live/mpeg1-muxer.ts";
import { ApiFixture } from "../../services/api/testing/api-fixture.ts";
import { H264 } from "../../shared/codec/h264/h264.ts";
import type { ConverterConfig } from "../../shared/config/config.ts";
import { convertMinute } from "../../shared/conversion/minute-converter.ts";
import { tools } from "../../shared/conversion/testing/minute-fixture.ts";
import { chunkPath } from "../../shared/store/names.ts";
import { launchBrowser } from "../support/browser.ts";
import { atPace, type ClipUnit, origin, writeChunk } from "../support/chunk-maker.ts";
import { DISC, makeDiscClip, measureDisc } from "../support/disc-clip.ts";
import { StoreFixture } from "../support/store-fixture.ts";

/** 704 × 576 pixels that are wider than high, in full range, as many DVRs send: 16:9 when shown correctly. */
const CAMERA = "front-door";
const HOUR_MS = Date.UTC(2025, 10, 24, 14);
const CONVERTED = "20251124.1432";
const UNDER_WAY = "20251124.1433";
const CODED = { width: 704, height: 576 };
const SHOWN = { width: 1024, height: 576 };
const MAX_PIXELS = 1_000_000;
const US_PER_MINUTE = 60_000_000;

let store: StoreFixture;
let api: ApiFixture;
let clip: ClipUnit[];
const mp4Of = new Map<string, Buffer>();
const range = (from: number, to: number) => {
  const iso = (minute: number) => new Date(HOUR_MS + minute * 60_000).toISOString();
  return `/api/1/camera/${CAMERA}/range.mp4?start=${iso(from)}&end=${iso(to)}`;
};
const PATHS = {
  "a minute": `/api/1/camera/${CAMERA}.preview.${CONVERTED}.mp4`,
  "a range into the present": range(32.004, 34),
  "a range of the present": range(33, 34),
};

beforeAll(async () => {
  store = new StoreFixture({ [CAMERA]: {} });
  const directory = store.directory(CAMERA);
  store.config.change({
    converter: { ffmpegPath: "ffmpeg", ffmpegTimeoutMs: 20_000, maxPixels: MAX_PIXELS } as ConverterConfig,
  });
  clip = await makeDiscClip({ ...CODED, frames: 15, aspect: [16, 11], isFullRange: true });
  for (const [i, minute] of [CONVERTED, UNDER_WAY].entries()) {
    const startUs = HOUR_MS * 1000 + (32 + i) * US_PER_MINUTE;
    const chunk = { units: atPace(clip, startUs), origin: origin(), openedUs: startUs };
    await writeChunk(chunkPath(directory, CAMERA, minute, 1), i === 0 ? { ...chunk, endUs: startUs + 600_000 } : chunk);
  }
  await convertMinute({ camera: CAMERA, minute: CONVERTED, directory }, tools({ thumbnailWidth: 320 }));
  api = await new ApiFixture(store).start();
  for (const [name, path] of Object.entries(PATHS)) {
    const answer = await fetch(api.url + path); // a range up to now is redirected to one with a fixed end
    expect(answer.status, name).toBe(200);
    mp4Of.set(name, Buffer.from(await answer.arrayBuffer()));
  }
  mp4Of.set("live", liveStream());
});
afterAll(async () => {
  await api?.stop();
  store.remove();
});

/** What a live viewer receives: an initialization segment and fragments. */
function liveStream(): Buffer {
  const fragments = new MovieFragments();
  const parts = clip.map(({ data, isKeyframe }, i) => {
    const header = { codec: H264, isKeyframe, source: 1, sequence: i, captureTimeUs: HOUR_MS * 1000 + i * 40_000 };
    const taken = fragments.take({ ...header, data });
    return [taken?.start?.initializationSegment ?? Buffer.alloc(0), taken?.bytes ?? Buffer.alloc(0)];
  });
  return Buffer.concat(parts.flat());
}

describe.each([...Object.keys(PATHS), "live"])("%s", (name) => {
  test("tells in its boxes how the pictures are to be shown, as mediabunny reads them", async () => {
    const bytes = mp4Of.get(name) as Buffer;
    const input = new Input({ formats: [MP4], source: new BufferSource(bytes) });
    const track = await input.getPrimaryVideoTrack();
    expect(track?.pixelAspectRatio).toEqual({ num: 16, den: 11 });
    expect([track?.squarePixelWidth, track?.squarePixelHeight]).toEqual([SHOWN.width, SHOWN.height]);
    expect(await track?.getColorSpace()).toEqual({
      primaries: "bt709",
      transfer: "bt709",
      matrix: "bt709",
      fullRange: true,
    });
    // ISO/IEC 14496-12 §8.3.2: the last two fields of the track header are the size at which it is shown, 16.16.
    const header = bytes.indexOf("tkhd") - 4;
    const end = header + bytes.readUInt32BE(header);
    expect([bytes.readUInt32BE(end - 8), bytes.readUInt32BE(end - 4)]).toEqual([
      SHOWN.width * 0x10000,
      SHOWN.height * 0x10000,
    ]);
  });

  test("is as wide as the scene was for ffprobe, which has nothing to warn of", () => {
    const path = join(store.root, "probed.mp4");
    writeFileSync(path, mp4Of.get(name) as Buffer);
    const told = "width,height,sample_aspect_ratio,display_aspect_ratio,color_range,color_space";
    const args = ["-v", "warning", "-show_entries", `stream=${told}`, "-of", "json", path];
    const { streams } = JSON.parse(execFileSync("ffprobe", args, { encoding: "utf8" }));
    expect(streams[0]).toEqual({
      ...CODED,
      sample_aspect_ratio: "16:11",
      display_aspect_ratio: "16:9",
      color_range: "pc",
      color_space: "bt709",
    });
  });
});

test("Chromium shows all of them as wide as the scene was, live by Media Source Extensions as well", async () => {
  const browser = await launchBrowser();
  try {
    const page = await browser.newPage();
    await page.goto(`${api.url}/api/1/days`);
    const urls = Object.values(PATHS);
    const sizes = [];
    for (const url of urls) sizes.push(await page.evaluate(shownSize, { url }));
    const live = { url: mp4Of.get("live")?.toString("base64") as string, codec: "avc1.42c01e" };
    sizes.push(await page.evaluate(shownSize, live));
    expect(sizes).toEqual([...urls, "live"].map(() => SHOWN));
  } finally {
    await browser.close();
  }
});

/**
 * Runs in the page: returns the size of the video at `url`; with `codec`, `url` is Base64 that is appended to a source
 * buffer.
 */
async function shownSize({ url, codec }: { url: string; codec?: string }) {
  // biome-ignore lint/suspicious/noExplicitAny: the page's globals are not among the types of a Node program
  const page = globalThis as any;
  const video = page.document.createElement("video");
  const loaded = new Promise((resolve, reject) => {
    video.onloadeddata = resolve;
    video.onerror = () => reject(new Error(`the video does not play: ${video.error?.message}`));
  });
  if (codec === undefined) {
    video.src = url;
  } else {
    const media = new page.MediaSource();
    media.onsourceopen = () => {
      const buffer = media.addSourceBuffer(`video/mp4; codecs="${codec}"`);
      buffer.onupdateend = () => {
        video.currentTime = buffer.buffered.start(0);
      };
      buffer.appendBuffer(page.Uint8Array.from(page.atob(url), (character: string) => character.charCodeAt(0)));
    };
    video.src = page.URL.createObjectURL(media);
  }
  await loaded;
  return { width: video.videoWidth as number, height: video.videoHeight as number };
}

describe("a disc is round, and as bright as it was, in", () => {
  const expectRound = ({ across, down, inside, outside }: Awaited<ReturnType<typeof measureDisc>>) => {
    expect(Math.abs(across - down)).toBeLessThanOrEqual(2);
    expect(Math.abs(inside - DISC.inside)).toBeLessThanOrEqual(3);
    expect(Math.abs(outside - DISC.outside)).toBeLessThanOrEqual(3);
  };

  test.each([
    ["preview", `/api/1/camera/${CAMERA}.preview.${CONVERTED}.jpg`, SHOWN],
    ["thumbnail", `/api/1/camera/${CAMERA}.thumbnail.${CONVERTED}.jpg`, { width: 320, height: 180 }],
    ["snapshot", `/api/1/camera/${CAMERA}/snapshot.jpg`, SHOWN],
  ])("the %s", async (_name, path, size) => {
    const { body } = await api.get(path);
    const seen = await measureDisc(body);
    expect(seen).toMatchObject(size);
    expectRound(seen);
  });

  test("the snapshot of an ffmpeg without zscale", async () => {
    const ffmpegPath = join(store.root, "plain-ffmpeg");
    const refusal = `case "$*" in *zscale*) echo "No such filter: 'zscale'" >&2; exit 1;; esac`;
    writeFileSync(ffmpegPath, `#!/bin/sh\n${refusal}\nexec ffmpeg "$@"\n`);
    chmodSync(ffmpegPath, 0o755);
    const { converter } = store.config.current;
    store.config.change({ converter: { ...converter, ffmpegPath } });
    const other = await new ApiFixture(store).start(); // one that has not decoded this picture before
    try {
      const seen = await measureDisc((await other.get(`/api/1/camera/${CAMERA}/snapshot.jpg`)).body);
      expect(seen).toMatchObject(SHOWN);
      expectRound(seen);
    } finally {
      await other.stop();
      store.config.change({ converter });
    }
  });

  test("the hour's sprites", async () => {
    const { body } = await api.get(`/api/1/camera/${CAMERA}.sprites.20251124.14.jpg`);
    expectRound(await measureDisc(body, { left: 2 * 256, top: 3 * 144, width: 256, height: 144 }));
  });

  test("the live picture in MPEG-1, whose player knows of square pixels only", async () => {
    const parts: Buffer[] = [];
    const ffmpeg = startConversion("ffmpeg", H264.ffmpegFormat, MAX_PIXELS, {
      data: (bytes) => parts.push(bytes),
      complaint() {},
      ended() {},
    });
    for (const { data } of clip) ffmpeg.stdin.write(data);
    ffmpeg.stdin.end();
    await once(ffmpeg, "close");
    const input = Buffer.concat(parts);
    const args = ["-v", "error", "-f", "mpegts", "-i", "pipe:0", "-frames:v", "1", "-f", "image2", "-c:v", "png", "-"];
    const seen = await measureDisc(execFileSync("ffmpeg", args, { input }));
    expect(seen).toMatchObject({ width: 960, height: 540 });
    expectRound(seen);
  });
});

test("the details of a minute tell the size as coded and as shown, as mp4 and while it is a chunk", async () => {
  const { minutes } = (await api.get(`/api/1/camera/${CAMERA}/minutes?day=20251124&details`)).json();
  const sizes = { ...CODED, displayWidth: SHOWN.width, displayHeight: SHOWN.height };
  expect(minutes).toMatchObject([
    { name: CONVERTED, recorded: sizes },
    { name: UNDER_WAY, recorded: sizes },
  ]);
});

test("a minute from before the boxes were written tells the size as shown as well", async () => {
  const bytes = Buffer.from(mp4Of.get("a minute") as Buffer);
  for (const type of ["pasp", "colr"]) bytes.write("free", bytes.indexOf(type), "latin1");
  store.write(join(store.directory(CAMERA), "20251124", `${CAMERA}.20251124.1435.mp4`), bytes);
  const { minutes } = (await api.get(`/api/1/camera/${CAMERA}/minutes?day=20251124&details`)).json();
  expect(minutes.at(-1)).toMatchObject({ name: "20251124.1435", recorded: { displayWidth: 1024, displayHeight: 576 } });
});

test("where the shape of the pixels changes, within a minute or a range, each picture keeps its own", async () => {
  const directory = store.directory(CAMERA);
  const other = await makeDiscClip({ width: 640, height: 360, frames: 5, aspect: [1, 1], isFullRange: true });
  const inTwoParts = "20251124.1436";
  const after = "20251124.1437";
  const startUs = HOUR_MS * 1000 + 36 * US_PER_MINUTE;
  const write = async (minute: string, part: number, units: readonly ClipUnit[], fromUs: number) => {
    const content = { units: atPace(units, fromUs), origin: origin("r", { session: part }), openedUs: fromUs };
    await writeChunk(chunkPath(directory, CAMERA, minute, part), { ...content, endUs: fromUs + 600_000 });
  };
  await write(inTwoParts, 1, clip, startUs);
  await write(inTwoParts, 2, other, startUs + 2_000_000);
  await write(after, 1, other, startUs + US_PER_MINUTE);
  const asChunk = await (await fetch(api.url + range(32, 38))).arrayBuffer();
  for (const minute of [inTwoParts, after]) {
    await convertMinute({ camera: CAMERA, minute, directory }, tools({ thumbnailWidth: 320 }));
  }
  const asMp4 = await (await fetch(api.url + range(32, 38))).arrayBuffer();
  const { body: minute } = await api.get(`/api/1/camera/${CAMERA}.preview.${inTwoParts}.mp4`);
  for (const bytes of [minute, Buffer.from(asChunk), Buffer.from(asMp4)]) {
    const path = join(store.root, "changing.mp4");
    writeFileSync(path, bytes);
    const args = ["-v", "error", "-show_entries", "frame=width,height,sample_aspect_ratio", "-of", "json", path];
    const { frames } = JSON.parse(execFileSync("ffprobe", args, { encoding: "utf8" }));
    expect(frames[0]).toMatchObject({ ...CODED, sample_aspect_ratio: "16:11" });
    expect(frames.at(-1)).toMatchObject({ width: 640, height: 360, sample_aspect_ratio: "1:1" });
  }
});

test("square pixels in limited range add nothing to the boxes and change nothing in the pictures' size", async () => {
  const directory = join(store.root, "square");
  const minute = "20251124.1440";
  const startUs = HOUR_MS * 1000 + 40 * US_PER_MINUTE;
  const square = await makeDiscClip({ width: 320, height: 240, frames: 5, aspect: [1, 1], isFullRange: false });
  const chunk = { units: atPace(square, startUs), origin: origin(), openedUs: startUs, endUs: startUs + 200_000 };
  await writeChunk(chunkPath(directory, "square", minute, 1), chunk);
  await convertMinute({ camera: "square", minute, directory }, tools({ thumbnailWidth: 320 }));
  const path = (ending: string) => join(directory, "20251124", `square.${minute}.${ending}`);
  expect(readFileSync(path("mp4")).includes("pasp")).toBe(false);
  const { inside, outside, ...seen } = await measureDisc(readFileSync(path("preview.jpg")));
  expect(seen).toMatchObject({ width: 320, height: 240 });
  expect(Math.abs(inside - DISC.inside)).toBeLessThanOrEqual(3);
  expect(Math.abs(outside - DISC.outside)).toBeLessThanOrEqual(3);
});
