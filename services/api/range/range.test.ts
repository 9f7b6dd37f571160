import { execFile } from "node:child_process";
import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { ALL_FORMATS, BufferSource, EncodedPacketSink, Input } from "mediabunny";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { minutePath } from "../../../shared/store/names.ts";
import { readFrames } from "../../../tests/support/mp4-evidence.ts";
import { StoreFixture } from "../../../tests/support/store-fixture.ts";
import { ApiFixture } from "../testing/api-fixture.ts";
import { realMinute } from "../testing/real-minute.ts";

const run = promisify(execFile);
const CAMERA = "front-door";
/** Two adjacent minutes (2 s of each are recorded), a gap of an hour, a minute of another size, one with B-frames. */
const MINUTES = [
  ["20261124.1433", { hue: 10 }],
  ["20261124.1434", { hue: 20 }],
  ["20261124.1534", { hue: 30, width: 480, height: 272 }],
  ["20261125.0000", { hue: 40, bFrames: 2 }],
] as const;

let store: StoreFixture;
let api: ApiFixture;

const file = (minute: string) => minutePath(store.directory(CAMERA), CAMERA, minute, "mp4");
const url = (from: string, to: string) => `/api/1/camera/${CAMERA}.range.${from}.to.${to}.mp4`;

beforeAll(async () => {
  store = new StoreFixture();
  for (const [minute, options] of MINUTES) store.write(file(minute), await realMinute(minute, options));
  api = await new ApiFixture(store).start();
});

afterAll(async () => {
  await api.stop();
  store.remove();
});

describe("a range", () => {
  it("holds the samples of its minutes, once, in order, byte for byte, gaps skipped (ffprobe is the judge)", async () => {
    const answer = await api.get(url("20261124.1433", "20261125.0000"));
    expect(answer.status).toBe(200);
    const joined = join(store.root, "joined.mp4");
    await writeFile(joined, answer.body);
    const frames = await readFrames(joined);
    const separate = (await Promise.all(MINUTES.map(([minute]) => readFrames(file(minute))))).flat();
    expect(frames.map(({ sha256 }) => sha256)).toEqual(separate.map(({ sha256 }) => sha256));
    expect(frames.every(({ dts }, i) => i === 0 || dts > (frames[i - 1]?.dts ?? 0))).toBe(true);
    const inOrder = frames.map(({ pts }) => pts).sort((a, b) => a - b);
    const steps = inOrder.slice(1).map((pts, i) => pts - (inOrder[i] as number));
    expect(Math.max(...steps), "s between two pictures").toBeLessThan(0.0401);
    expect(Math.min(...steps), "s between two pictures").toBeGreaterThan(0.0399);
    const { stderr } = await run("ffmpeg", ["-v", "warning", "-i", joined, "-f", "null", "-"]);
    expect(stderr).toBe("");
  });

  it("is read alike by another author's demuxer (mediabunny)", async () => {
    const { body } = await api.get(url("20261124.1433", "20261125.0000"));
    const input = new Input({ formats: ALL_FORMATS, source: new BufferSource(body) });
    const track = await input.getPrimaryVideoTrack();
    if (track === null) throw new Error("no video track");
    let count = 0;
    for await (const packet of new EncodedPacketSink(track).packets()) count += packet.byteLength > 0 ? 1 : 0;
    expect(count).toBe(200);
    expect(await track.computeDuration()).toBeCloseTo(8, 3);
  });

  it("is the same file whatever bytes of it are asked for, and whenever", async () => {
    const path = url("20261124.1433", "20261124.1534");
    const whole = await api.get(path);
    expect(Number(whole.headers["content-length"])).toBe(whole.body.length);
    const cuts = [0, 1, 700, 5000, Math.floor(whole.body.length / 2), whole.body.length - 1, whole.body.length];
    const parts: Buffer[] = [];
    for (const [i, start] of cuts.slice(0, -1).entries()) {
      const part = await api.get(path, {
        range: `bytes=${start}-${(cuts[i + 1] as number) - 1}`,
        "if-range": `${whole.headers.etag}`,
      });
      expect(part.status).toBe(206);
      parts.push(part.body);
    }
    expect(Buffer.concat(parts).equals(whole.body)).toBe(true);
    expect((await api.get(path, { "if-none-match": `${whole.headers.etag}` })).status).toBe(304);
  });

  it("has another ETag when one of its minutes was merged with a late part", async () => {
    const path = url("20261124.1433", "20261124.1434");
    const before = (await api.get(path)).headers.etag;
    store.write(`${file("20261124.1434")}.new`, await realMinute("20261124.1434", { hue: 21 }));
    await rename(`${file("20261124.1434")}.new`, file("20261124.1434"));
    expect((await api.get(path)).headers.etag).not.toBe(before);
  });

  it("without footage, of an unknown camera, inverted or of no calendar is a problem with the right status", async () => {
    expect((await api.get(url("20250101.0000", "20250102.0000"))).status).toBe(404);
    expect((await api.get("/api/1/camera/nobody.range.20261124.1433.to.20261124.1434.mp4")).status).toBe(404);
    expect((await api.get(url("20261124.1434", "20261124.1433"))).status).toBe(400);
    expect((await api.get(url("20260231.0000", "20260301.0000"))).status).toBe(400);
  });

  it("of a hundred years is what there is", async () => {
    const asked = await api.get(url("20000101.0000", "20991231.2359"));
    expect(asked.status).toBe(307);
    const { status, body } = await api.get(url("20000101.0000", "20991231.2359") + asked.headers.location);
    expect(status).toBe(200);
    expect(body.length).toBeGreaterThan(10_000);
  });
});
