import { appendFile, mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { atPace, type ClipUnit, chunkBytes, makeClip, origin } from "../../tests/support/chunk-maker.ts";
import { H264 } from "../codec/h264/h264.ts";
import { type ChunkIndex, indexChunk } from "./chunk-index.ts";
import { BLOCK_HEADER_BYTES, writeBlockHeader } from "./format.ts";

const START_US = 1_795_000_000_123_456;
let folder: string;
let clip: ClipUnit[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "hindsight-index-"));
  clip = await makeClip({ frames: 30, gop: 10, bFrames: 2 });
});

afterAll(() => rm(folder, { recursive: true }));

async function index(bytes: Buffer, previous?: ChunkIndex): Promise<ChunkIndex> {
  const path = join(folder, "x.chunk");
  await writeFile(path, bytes);
  const file = await open(path, "r");
  try {
    return await indexChunk(file, previous);
  } finally {
    await file.close();
  }
}

test("every access unit is found, with its time and whether ffprobe takes it for a keyframe", async () => {
  const units = atPace(clip, START_US);
  const bytes = chunkBytes({ units, origin: origin("r"), endUs: START_US + 1_200_000 });
  const found = await index(bytes);
  expect(found.origin).toEqual(origin("r"));
  expect(Array.from(found.captureTimesUs)).toEqual(units.map(({ timeUs }) => timeUs));
  expect(Array.from(found.keyframes, Boolean)).toEqual(clip.map(({ isKeyframe }) => isKeyframe));
  for (const [i, { data }] of units.entries()) {
    const at = found.offsets[i] as number;
    expect(bytes.subarray(at, at + (found.sizes[i] as number)).equals(data)).toBe(true);
  }
  expect(found).toMatchObject({ isClosed: true, endUs: START_US + 1_200_000, tornBytes: 0, wholeBytes: bytes.length });
  expect(found.damage).toBeUndefined();
});

test("a chunk cut anywhere gives the whole access units before the cut, and calls nothing damage", async () => {
  const units = atPace(clip, START_US);
  const bytes = chunkBytes({ units, origin: origin("r"), endUs: START_US + 1_200_000 });
  const ends: number[] = [];
  for (
    let i = 0, end = chunkBytes({ units: [], origin: origin("r"), openedUs: START_US }).length;
    i < units.length;
    i++
  ) {
    end += BLOCK_HEADER_BYTES + (units[i]?.data.length as number);
    ends.push(end);
  }
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: bytes.length - 1 }), async (cut) => {
      const found = await index(bytes.subarray(0, cut));
      expect(found.sizes.length).toBe(ends.filter((end) => end <= cut).length);
      expect(found.isClosed).toBe(false);
      expect(found.damage).toBeUndefined();
      expect(found.wholeBytes + found.tornBytes).toBe(cut);
    }),
    { numRuns: 60 },
  );
});

test("without an end block the last frame lasts as long as the one before it", async () => {
  const found = await index(chunkBytes({ units: atPace(clip, START_US) }));
  expect(found.endUs).toBe(START_US + 30 * 40_000);
});

test("a chunk that grows is indexed on from where it ended", async () => {
  const units = atPace(clip, START_US);
  const content = { units, origin: origin("r"), endUs: START_US + 1_200_000 };
  const bytes = chunkBytes(content);
  const whole = await index(bytes);
  const path = join(folder, "grows.chunk");
  await writeFile(path, "");
  const file = await open(path, "r");
  let found: ChunkIndex | undefined;
  for (let at = 0; at < bytes.length; at += 7001) {
    await appendFile(path, bytes.subarray(at, at + 7001));
    found = await indexChunk(file, found);
  }
  await file.close();
  expect(found).toEqual(whole);
});

test("zeros behind the last block, as a power loss leaves them, are a torn tail; other garbage is damage", async () => {
  const units = atPace(clip, START_US);
  const zeros = await index(chunkBytes({ units, tail: Buffer.alloc(5000) }));
  expect(zeros.sizes.length).toBe(30);
  expect(zeros.damage).toBeUndefined();
  const garbage = await index(chunkBytes({ units, tail: Buffer.alloc(5000, 0xff) }));
  expect(garbage.sizes.length).toBe(30);
  expect(garbage.damage).toMatch(/no block header at byte \d+/);
});

test("blocks of unknown kinds are left out", async () => {
  const [first, ...rest] = atPace(clip, START_US);
  const unknown = Buffer.alloc(BLOCK_HEADER_BYTES + 100, 7);
  writeBlockHeader(unknown, 0, { kind: 77, length: 100, timeUs: START_US });
  const bytes = Buffer.concat([
    chunkBytes({ units: first === undefined ? [] : [first] }),
    unknown,
    chunkBytes({ units: rest }),
  ]);
  const found = await index(bytes);
  expect(found.sizes.length).toBe(30);
  expect(found.damage).toBeUndefined();
});

test("bytes of any kind are indexed without an error", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), async (bytes) => {
      await index(Buffer.from(bytes));
    }),
    { numRuns: 100 },
  );
  const bytes = chunkBytes({ units: atPace(clip, START_US), origin: origin("r") });
  await fc.assert(
    fc.asyncProperty(fc.nat(bytes.length - 1), fc.nat(255), async (at, value) => {
      const mutated = Buffer.from(bytes);
      mutated[at] = value;
      const found = await index(mutated);
      expect(found.wholeBytes + found.tornBytes).toBe(bytes.length);
    }),
    { numRuns: 60 },
  );
});

test("a keyframe is told behind delimiter, parameter sets and long SEI, and never behind another start code than a recorder's", () => {
  const unit = (...nals: number[][]) => Buffer.from(nals.flatMap((nal) => [0, 0, 0, 1, ...nal]));
  const filler = Array.from({ length: 300 }, () => 0x55);
  const keyframe = unit([9, 0x10], [0x67, 1], [0x68, 1], [6, ...filler], [0x65, 1]);
  expect(H264.randomAccessOf(keyframe, true)).toBe("clean");
  expect(H264.randomAccessOf(unit([0x67, 1], [0x68, 1], [0x41, 1]), true)).toBe("none");
  expect(H264.randomAccessOf(keyframe.subarray(0, 200), false)).toBeUndefined();
  expect(H264.randomAccessOf(unit([9, 0x10], [6, ...filler]), true)).toBe("none");
  expect(H264.randomAccessOf(Buffer.from([0, 0, 1, 0x65, 1]), true)).toBe("not Annex B");
  expect(H264.randomAccessOf(Buffer.from([1, 2, 3, 4]), true)).toBe("not Annex B");
});
