import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { minutePath } from "../../../shared/store/names.ts";
import { minuteStartUs } from "../../../shared/time/minute.ts";
import { foreignMovie } from "../../../tests/support/foreign-movie.ts";
import { readFrames } from "../../../tests/support/mp4-evidence.ts";
import { StoreFixture } from "../../../tests/support/store-fixture.ts";
import { ApiFixture } from "../testing/api-fixture.ts";

// Minutes with sound and video, as a later version may write them: their video is served.

const CAMERA = "front-door";
const MINUTES = ["20251124.1433", "20251124.1434"] as const;
let store: StoreFixture;
let api: ApiFixture;

const file = (minute: string) => minutePath(store.directory(CAMERA), CAMERA, minute, "mp4");

beforeAll(async () => {
  store = new StoreFixture({ [CAMERA]: {} });
  for (const [i, minute] of MINUTES.entries()) {
    const maps = i === 0 ? (["sound", "video"] as const) : (["video", "sound"] as const);
    store.write(file(minute), foreignMovie({ startUs: minuteStartUs(minute) as number, maps }));
  }
  api = await new ApiFixture(store).start();
});

afterAll(async () => {
  await api.stop();
  store.remove();
});

it("a range over them has each of their pictures, byte for byte, and no other track", async () => {
  const { status, body } = await api.get(`/api/1/camera/${CAMERA}.range.${MINUTES[0]}.to.${MINUTES[1]}.mp4`);
  expect(status).toBe(200);
  expect(body.toString("latin1").split("trak")).toHaveLength(2);
  const joined = join(store.root, "joined.mp4");
  await writeFile(joined, body);
  const frames = await readFrames(joined);
  const separate = (await Promise.all(MINUTES.map((minute) => readFrames(file(minute))))).flat();
  expect(frames).toHaveLength(100);
  expect(frames.map(({ sha256 }) => sha256)).toEqual(separate.map(({ sha256 }) => sha256));
});

it("what a minute holds is told of its video", async () => {
  const { minutes } = (await api.get(`/api/1/camera/${CAMERA}/minutes?day=20251124&details`)).json();
  const recorded = { width: 320, height: 192, durationSeconds: 2, codec: expect.stringMatching(/^avc1\./) };
  expect(minutes).toEqual(MINUTES.map(() => expect.objectContaining({ recorded: expect.objectContaining(recorded) })));
});
