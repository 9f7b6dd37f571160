import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { ApiFixture } from "../../services/api/testing/api-fixture.ts";
import { realMinute } from "../../services/api/testing/real-minute.ts";
import { minutePath } from "../../shared/store/names.ts";
import { minuteAt } from "../../shared/time/minute.ts";
import { makeClip } from "../support/chunk-maker.ts";
import { RangeStore } from "../support/range-store.ts";
import { StoreFixture } from "../support/store-fixture.ts";

/** A day of a small camera: 23 h 57 min as mp4s, and three minutes that are still chunks. */
const run = promisify(execFile);
const CAMERA = "yard";
const DAY_US = Date.UTC(2025, 10, 24) * 1000;
const MINUTE_US = 60_000_000;
const MINUTES = 1440;
const LATE_MINUTES = 3;
/** One a second. */
const PICTURES = 60;
const CLIP = { width: 128, height: 96, framesPerSecond: 1, gop: 10, hue: 40 };
const PATH = `/api/1/camera/${CAMERA}/range.mp4?start=2025-11-24T00:00:00Z&end=2025-11-25T00:00:00Z`;

let store: StoreFixture;
let api: ApiFixture;
let camera: RangeStore;
let picture: string;

beforeAll(async () => {
  store = new StoreFixture({ [CAMERA]: {} });
  picture = join(store.root, "picture.jpg");
  await run("ffmpeg", ["-v", "error", "-f", "lavfi", "-i", "color=gray:size=64x64", "-frames:v", "1", picture]);
  for (let i = 0; i < MINUTES - LATE_MINUTES; i++) {
    const minute = minuteAt(DAY_US + i * MINUTE_US);
    const mp4 = await realMinute(minute, { ...CLIP, frames: PICTURES });
    store.write(minutePath(store.directory(CAMERA), CAMERA, minute, "mp4"), mp4);
  }
  camera = new RangeStore(CAMERA, store.directory(CAMERA));
  const frames = LATE_MINUTES * PICTURES;
  await camera.record(await makeClip({ ...CLIP, frames }), {
    startUs: DAY_US + (MINUTES - LATE_MINUTES) * MINUTE_US,
    countFrom: 0,
    timesUs: Array.from({ length: frames + 1 }, (_, i) => i * 1_000_000),
  });
  api = await new ApiFixture(store).start();
}, 120_000);

afterAll(async () => {
  await api.stop();
  store.remove();
});

describe("a range of 24 hours", () => {
  test("is resumed by curl across two interruptions, its end converted in between, to the identical file", async () => {
    const { body: whole, status, text } = await api.get(PATH);
    expect(status, text.slice(0, 300)).toBe(200);
    const target = join(store.root, "day.mp4");
    const curl = ["-sSL", "-C", "-", "-o", target];
    const cutOff = async () => {
      const before = (await stat(target).catch(() => undefined))?.size ?? 0;
      const slow = spawn("curl", [...curl, "--limit-rate", "10M", `${api.url}${PATH}`]);
      await vi.waitFor(async () => expect((await stat(target)).size).toBeGreaterThan(before + 2_000_000), 20_000);
      slow.kill("SIGKILL");
      await once(slow, "exit");
      expect((await stat(target)).size).toBeLessThan(whole.length);
    };
    await cutOff();
    expect(camera.minutes).toHaveLength(LATE_MINUTES);
    for (const minute of camera.minutes) await camera.convert(minute, picture);
    const folder = await readdir(join(camera.directory, "20251124"));
    expect(folder.filter((name) => name.endsWith(".chunk"))).toEqual([]);
    await cutOff();
    await run("curl", [...curl, `${api.url}${PATH}`]);
    expect((await readFile(target)).equals(whole)).toBe(true);
    const shown = ["-count_packets", "-show_entries", "stream=nb_read_packets:format=duration", "-of", "csv=p=0"];
    const { stdout, stderr } = await run("ffprobe", ["-v", "warning", ...shown, target]);
    expect([stdout.trim().split("\n"), stderr]).toEqual([[`${MINUTES * PICTURES}`, "86400.000000"], ""]);
  }, 120_000);
});
