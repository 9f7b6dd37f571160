import { afterEach, expect, test, vi } from "vitest";
import { box } from "../../../../../shared/mp4/box.ts";
import { writeCaptureRecord } from "../../../../../shared/mp4/capture-record.ts";
import { parseCaptureStart, readCaptureStart } from "./capture-start.ts";
import { frameFileName } from "./save-frame.ts";

const firstCaptureTimeUs = 1_764_000_001_234_567;
const record = writeCaptureRecord({
  spans: [{ sampleCount: 1500, firstCaptureTimeUs, endUs: firstCaptureTimeUs + 60_000_000 }],
  chunks: [],
});
const foreign = box("uuid", Buffer.alloc(40, 7));
const file = Buffer.concat([
  box("ftyp", Buffer.from("isom")),
  box("moov", box("mvhd", Buffer.alloc(100)), foreign, record),
  box("mdat", Buffer.alloc(50)),
]);

test("the capture time of the first frame is read from what the converter's writer writes", () => {
  expect(parseCaptureStart(file)).toBe(firstCaptureTimeUs / 1000);
});

test("files of others, and torn ones, tell none and throw nothing", () => {
  expect(parseCaptureStart(Buffer.concat([box("ftyp"), box("moov", foreign)]))).toBeUndefined();
  for (let length = 0; length < file.length; length++) {
    expect([undefined, firstCaptureTimeUs / 1000]).toContain(parseCaptureStart(file.subarray(0, length)));
  }
});

test("a saved frame is named for its camera and its time in UTC", () => {
  expect(frameFileName("front-door", Date.parse("2026-11-24T14:33:05.480Z"))).toBe(
    "front-door.20261124.143305.480.jpg",
  );
});

afterEach(() => vi.unstubAllGlobals());

test("what cannot be fetched is an error, and not a file that does not tell", async () => {
  const { signal } = new AbortController();
  const answers = (status: number) => vi.stubGlobal("fetch", async () => new Response("", { status }));
  answers(503);
  await expect(readCaptureStart("/", signal)).rejects.toThrow("503");
  answers(200); // through a proxy that knows no ranges
  expect(await readCaptureStart("/", signal)).toBeUndefined();
});
