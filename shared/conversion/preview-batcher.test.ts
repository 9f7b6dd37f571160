import { execFile } from "node:child_process";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import sharp from "sharp";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { makeClip } from "../../tests/support/chunk-maker.ts";
import { H264 } from "../codec/h264/h264.ts";
import { joinWithLengths, splitAnnexB } from "../codec/nal-units.ts";
import { FfmpegUnusableError } from "../pictures/ffmpeg-unusable-error.ts";
import { FrameGrabber } from "../pictures/frame-grabber.ts";
import type { Keyframe } from "../pictures/keyframe.ts";
import { LARGEST_PIXELS } from "../pictures/picture-size.ts";
import { type Grabber, MAX_BATCH, PreviewBatcher } from "./preview-batcher.ts";

let folder: string;
let keyframes: Keyframe[];
const hues = [0, 60, 120, 180, 240, 300];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "hindsight-preview-"));
  keyframes = await Promise.all(hues.map((hue) => keyframe(hue)));
});

afterAll(() => rm(folder, { recursive: true }));

const clipOf = (hue: number, width = 640) => ({ frames: 1, width, height: 384, hue });

async function keyframe(hue: number, width = 640): Promise<Keyframe> {
  const [unit] = await makeClip(clipOf(hue, width));
  const nals = splitAnnexB(unit?.data as Buffer);
  const configuration = H264.configurationOf(nals);
  if (configuration === undefined) throw new Error("no parameter sets");
  return { sample: joinWithLengths(nals), configuration };
}

function poisoned({ sample, configuration }: Keyframe): Keyframe {
  const bad = Buffer.from(sample);
  for (let at = bad.length >> 2; at < bad.length; at++) bad[at] = 0x55 ^ (at & 0x7f);
  return { sample: bad, configuration };
}

/** A program that replaces ffmpeg and records each call. */
async function program(name: string, script: string): Promise<{ path: string; calls(): Promise<number> }> {
  const path = join(folder, name);
  const log = `${path}.log`;
  await writeFile(path, `#!/bin/sh\ncase "$*" in *image2*) echo call >> ${log};; esac\n${script}\n`);
  await chmod(path, 0o755);
  return { path, calls: async () => (await readFile(log, "utf8")).split("\n").length - 1 };
}

function batcher(ffmpegPath = "ffmpeg", timeoutMs = 20_000): PreviewBatcher {
  return new PreviewBatcher(new FrameGrabber({ ffmpegPath, timeoutMs, maxPixels: LARGEST_PIXELS }), 50);
}

async function likeness(a: Buffer | undefined, b: Buffer | undefined): Promise<number> {
  const [x, y] = await Promise.all([a, b].map((jpeg) => sharp(jpeg).raw().toBuffer()));
  let sum = 0;
  for (let i = 0; i < (x as Buffer).length; i++) sum += Math.abs((x?.[i] as number) - (y?.[i] as number));
  return sum / (x as Buffer).length;
}

test("pictures of several minutes come out of one ffmpeg process, each to whom it belongs", async () => {
  const counting = await program("counting", 'exec ffmpeg "$@"');
  const alone = await Promise.all(keyframes.map((one) => batcher().grab(one)));
  const together = batcher(counting.path);
  const pictures = await Promise.all(keyframes.map((one) => together.grab(one)));
  expect(await counting.calls()).toBe(1);
  for (const [i, picture] of pictures.entries()) expect(await likeness(picture, alone[i])).toBeLessThan(1);
  expect(await likeness(pictures[0], pictures[3])).toBeGreaterThan(5);
});

test("a keyframe that cannot be decoded neither shifts nor spoils the pictures of others", async () => {
  const alone = await Promise.all(keyframes.map((one) => batcher().grab(one)));
  const together = batcher();
  const mixed = keyframes.map((one, i) => (i === 0 || i === 2 ? poisoned(one) : one));
  const pictures = await Promise.all(mixed.map((one) => together.grab(one)));
  for (const [i, picture] of pictures.entries()) {
    if (i === 0 || i === 2) expect(picture).toBeUndefined();
    else expect(await likeness(picture, alone[i])).toBeLessThan(1);
  }
});

test("pictures of different sizes do not share a process, and each has its own size", async () => {
  const together = batcher();
  const all = [...keyframes.slice(0, 2), await keyframe(0, 320)];
  const pictures = await Promise.all(all.map((one) => together.grab(one)));
  const widths = await Promise.all(pictures.map(async (jpeg) => (await sharp(jpeg).metadata()).width));
  expect(widths).toEqual([640, 640, 320]);
});

test("more than 16 pictures go in several batches", async () => {
  const counting = await program("many", 'exec ffmpeg "$@"');
  const together = batcher(counting.path);
  const many = Array.from({ length: 20 }, (_, i) => together.grab(keyframes[i % 6] as Keyframe));
  expect((await Promise.all(many)).every((jpeg) => jpeg !== undefined)).toBe(true);
  expect(await counting.calls()).toBe(2);
});

describe("company", () => {
  afterEach(() => vi.useRealTimers());

  /** A grabber that records when each batch began and how large it was; each batch takes `decodeMs`. */
  function noting(decodeMs: number) {
    vi.useFakeTimers();
    const beganMs = performance.now();
    const batches: { atMs: number; size: number }[] = [];
    const grabber: Grabber = {
      grab: async (batch) => {
        batches.push({ atMs: Math.round(performance.now() - beganMs), size: batch.length });
        await new Promise((resolve) => setTimeout(resolve, decodeMs));
        return batch.map(() => Buffer.alloc(1));
      },
    };
    return { batches, previews: new PreviewBatcher(grabber, 300) };
  }
  const one = () => keyframes[0] as Keyframe;

  test("a lone minute waits for it 300 ms at most", async () => {
    const { batches, previews } = noting(100);
    void previews.grab(one());
    await vi.advanceTimersByTimeAsync(1000);
    expect(batches).toEqual([{ atMs: 300, size: 1 }]);
  });

  test("while it keeps coming, it is waited for, but 2.4 s at most", async () => {
    const { batches, previews } = noting(100);
    for (let i = 0; i < 20; i++) {
      void previews.grab(one());
      await vi.advanceTimersByTimeAsync(200);
    }
    await vi.advanceTimersByTimeAsync(1000);
    expect(batches.map(({ size }) => size)).toEqual([12, 8]);
    expect(batches[0]?.atMs).toBe(2400);
  });

  test("who comes while ffmpeg is at work joins those that wait for their turn", async () => {
    const { batches, previews } = noting(1500);
    void previews.grab(one());
    await vi.advanceTimersByTimeAsync(400);
    for (let i = 0; i < 3; i++) {
      void previews.grab(one());
      await vi.advanceTimersByTimeAsync(400);
    }
    await vi.advanceTimersByTimeAsync(1000);
    expect(batches).toEqual([
      { atMs: 300, size: 1 },
      { atMs: 1800, size: 3 },
    ]);
  });

  test("a full batch waits for nobody, and who comes next waits for company of its own", async () => {
    const { batches, previews } = noting(100);
    for (let i = 0; i <= MAX_BATCH; i++) void previews.grab(one());
    await vi.advanceTimersByTimeAsync(1000);
    expect(batches).toEqual([
      { atMs: 0, size: MAX_BATCH },
      { atMs: 300, size: 1 },
    ]);
  });
});

test("an ffmpeg without the zscale filter makes the same pictures, and is asked for it once", async () => {
  const without = await program(
    "without",
    `case "$*" in *zscale*) echo "No such filter: 'zscale'" >&2; exit 1;; esac\nexec ffmpeg "$@"`,
  );
  const one = keyframes[0] as Keyframe;
  const pictures = batcher(without.path);
  const picture = await pictures.grab(one);
  expect(picture).toEqual(await batcher().grab(one));
  expect(await pictures.grab(one)).toEqual(picture);
  expect(await without.calls()).toBe(3);
});

test("a picture is as bright as ffmpeg itself decodes it", async () => {
  const [unit] = await makeClip(clipOf(0));
  const stream = join(folder, "independent.h264");
  await writeFile(stream, unit?.data as Buffer);
  const raw = ["-v", "error", "-f", "h264", "-i", stream, "-frames:v", "1", "-pix_fmt", "rgb24", "-f", "rawvideo", "-"];
  const { stdout } = await promisify(execFile)("ffmpeg", raw, { encoding: "buffer", maxBuffer: 10_000_000 });
  const decoded = await sharp(stdout, { raw: { width: 640, height: 384, channels: 3 } })
    .png()
    .toBuffer();
  expect(await likeness(await batcher().grab(keyframes[0] as Keyframe), decoded)).toBeLessThan(3);
});

test("an ffmpeg that hangs over a picture is killed, and only the picture is to blame when ffmpeg works otherwise", async () => {
  const hanging = await program("hanging", 'case "$*" in *pipe:0*) exec sleep 600;; esac\nexec ffmpeg "$@"');
  // The limit also applies to the test picture, which ffmpeg must make in time on a busy machine.
  expect(await batcher(hanging.path, 5000).grab(keyframes[0] as Keyframe)).toBeUndefined();
});

test("an ffmpeg that is missing, too old, broken, or without space to write is told by name, and is no picture's fault", async () => {
  const grab = (path: string) => batcher(path).grab(keyframes[0] as Keyframe);
  await expect(grab(join(folder, "missing"))).rejects.toThrow(/there is no ffmpeg at .*missing.*install it/);
  const old = await program("old", `echo "Unrecognized option 'fps_mode'." >&2; exit 1`);
  await expect(grab(old.path)).rejects.toThrow(/too old: version 5\.1/);
  const broken = await program("broken", 'case "$*" in *image2*) exit 1;; esac\nexec ffmpeg "$@"');
  await expect(grab(broken.path)).rejects.toThrow(FfmpegUnusableError);
  const full = await program(
    "full",
    'case "$*" in *pipe:0*) echo "x.jpg: No space left on device" >&2; exit 1;; esac\nexec ffmpeg "$@"',
  );
  await expect(grab(full.path)).rejects.toThrow(/No space left on device/);
  const killed = await program("killed", 'case "$*" in *pipe:0*) kill -9 $$;; esac\nexec ffmpeg "$@"');
  await expect(grab(killed.path)).rejects.toThrow(/SIGKILL, from outside/);
});

test("damage is concealed when asked for", async () => {
  const picture = await batcher().grabDamaged(poisoned(keyframes[0] as Keyframe));
  expect((await sharp(picture).metadata()).width).toBe(640);
});
