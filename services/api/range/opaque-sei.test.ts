import { writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { ConverterConfig } from "../../../shared/config/config.ts";
import { LARGEST_PIXELS } from "../../../shared/pictures/picture-size.ts";
import { chunkPath } from "../../../shared/store/names.ts";
import { atPace, makeClip, origin, type TimedUnit, writeChunk } from "../../../tests/support/chunk-maker.ts";
import { readTimedFrames } from "../../../tests/support/mp4-evidence.ts";
import { OPAQUE_SEI, withOpaqueSei } from "../../../tests/support/odd-units.ts";
import { StoreFixture } from "../../../tests/support/store-fixture.ts";
import { ApiFixture } from "../testing/api-fixture.ts";

// SEI that contain start codes, as ONVIF Media Signing sends them (gortsplib #1156), in a minute that is being
// recorded.

const START_US = Date.UTC(2025, 10, 24, 14, 33) * 1000;
let store: StoreFixture;
let api: ApiFixture;
let units: TimedUnit[];

beforeAll(async () => {
  store = new StoreFixture({ signed: {}, plain: {}, foreign: {} });
  const converter = { ffmpegPath: "ffmpeg", ffmpegTimeoutMs: 20_000, maxPixels: LARGEST_PIXELS };
  store.config.change({ converter: converter as ConverterConfig });
  units = atPace(await makeClip({ frames: 60, gop: 20 }), START_US);
  await record("plain", (data) => data);
  await record("signed", withOpaqueSei);
  await record("foreign", (data) => data.subarray(1));
  api = await new ApiFixture(store).start();
});

afterAll(async () => {
  await api.stop();
  store.remove();
});

async function record(camera: string, change: (unit: Buffer) => Buffer): Promise<void> {
  const path = chunkPath(store.directory(camera), camera, "20251124.1433", 1);
  await writeChunk(path, {
    units: units.map(({ data, timeUs }) => ({ timeUs, data: change(data) })),
    origin: origin(),
  });
}

const range = (camera: string) =>
  api.get(`/api/1/camera/${camera}/range.mp4?start=2025-11-24T14:33:00Z&end=2025-11-24T14:33:02Z`);

it("do not break off a range over it; sync samples are the recorder's keyframes, and each SEI keeps its bytes", async () => {
  const { status, body, headers } = await range("signed");
  expect([status, String(body.length)]).toEqual([200, headers["content-length"]]);
  const path = join(store.root, "range.mp4");
  writeFileSync(path, body);
  const stss = body.indexOf("stss") + 8; // not by ffprobe, which parses the samples and is misled by the SEI
  const sync = Array.from({ length: body.readUInt32BE(stss) }, (_, i) => body.readUInt32BE(stss + 4 + 4 * i));
  expect(sync).toEqual([1, 21, 41]);
  let found = 0;
  for (let at = body.indexOf(OPAQUE_SEI); at !== -1; at = body.indexOf(OPAQUE_SEI, at + 1)) {
    expect(body.readUInt32BE(at - 4)).toBe(OPAQUE_SEI.length);
    found++;
  }
  expect(found).toBeGreaterThanOrEqual(50);
  writeFileSync(join(store.root, "plain.mp4"), (await range("plain")).body);
  const times = async (name: string) =>
    (await readTimedFrames([join(store.root, name)], { warnings: [] })).map(({ pts }) => pts);
  expect(await times("range.mp4")).toEqual(await times("plain.mp4"));
});

it("do not spoil a snapshot", async () => {
  const [signed, plain] = await Promise.all(
    ["signed", "plain"].map((camera) => api.get(`/api/1/camera/${camera}/snapshot.jpg`)),
  );
  expect([signed?.status, plain?.status]).toEqual([200, 200]);
  const [a, b] = await Promise.all(
    [signed, plain].map((answer) =>
      sharp(answer?.body as Buffer)
        .raw()
        .toBuffer(),
    ),
  );
  expect(a?.equals(b as Buffer)).toBe(true);
});

it("a chunk that begins with start codes of three bytes, which no recorder writes, is left out before the answer begins", async () => {
  expect((await range("foreign")).status).toBe(404);
});
