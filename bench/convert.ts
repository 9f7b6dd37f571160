import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { copyFile, mkdtemp, open, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { EncodedPacket, EncodedVideoPacketSource, FilePathTarget, Mp4OutputFormat, Output } from "mediabunny";
import { indexChunk } from "../shared/chunk/chunk-index.ts";
import type { VideoConfiguration } from "../shared/codec/video-codec.ts";
import { BufferPool } from "../shared/conversion/buffer-pool.ts";
import { DiskSemaphores } from "../shared/conversion/disk-semaphores.ts";
import { keyframesOf, type ReadKeyframe } from "../shared/conversion/first-picture.ts";
import { IdleWatch } from "../shared/conversion/idle-watch.ts";
import { convertMinute, type MinuteConverterTools } from "../shared/conversion/minute-converter.ts";
import { MAX_BATCH, PreviewBatcher } from "../shared/conversion/preview-batcher.ts";
import { copySamples, writeAll } from "../shared/conversion/sample-copy.ts";
import { TAKEOVER_PACE } from "../shared/conversion/takeover-pace.ts";
import { makeThumbnail } from "../shared/conversion/thumbnail.ts";
import { StoreFiles } from "../shared/disk/store-files.ts";
import { type MinutePlan, planMinute } from "../shared/minute/minute-plan.ts";
import { chunkSource, type SampleSource } from "../shared/minute/sample-source.ts";
import { writeMovieHead } from "../shared/mp4/movie-writer.ts";
import { TIMESCALE } from "../shared/mp4/sample-times.ts";
import { FrameGrabber } from "../shared/pictures/frame-grabber.ts";
import { type Keyframe, keyframeOf } from "../shared/pictures/keyframe.ts";
import { LARGEST_PIXELS } from "../shared/pictures/picture-size.ts";
import { chunkPath } from "../shared/store/names.ts";
import { minuteStartUs } from "../shared/time/minute.ts";
import { atPace, chunkBytes, makeClip, origin, writeChunk } from "../tests/support/chunk-maker.ts";

/**
 * The cost of converting a minute (1080p25, 4 Mbit/s, 30 MB) in CPU time, user and system, of this process and its
 * children; each row beside ffmpeg and mediabunny in the same run. Page cache warm; median of the rounds.
 */
const ROUNDS = 9;
const MINUTE = "20251124.1432";
const START_US = minuteStartUs(MINUTE) as number;
const US_PER_TICK = 10_000; // of /proc/self/stat
const run = promisify(execFile);
const buffers = new BufferPool();
const folder = await mkdtemp(join(tmpdir(), "hindsight-bench-"));

try {
  await bench();
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function bench(): Promise<void> {
  const stream = join(folder, "minute.h264");
  const chunk = join(folder, "minute.chunk");
  await makeMinute(stream, chunk);
  const { size } = await stat(chunk);
  const own = await measure(() => mux(chunk));
  const whole = await measure(() => convert(chunk), true);
  const floor = await measure(() => copy(chunk));
  const bunny = await measure(() => muxWithMediabunny(chunk));
  const ffmpegMux = await measure(() => muxWithFfmpeg(stream), true);
  console.log(`One minute of ${(size / 1e6).toFixed(1)} MB, CPU ms (median of ${ROUNDS}):\n`);
  row("copy of the bytes in 2 MB pieces (floor)", floor, ffmpegMux, bunny);
  row("chunk → mp4, ours", own, ffmpegMux, bunny);
  row("mediabunny", bunny, ffmpegMux, bunny);
  row("ffmpeg -c copy -movflags +faststart", ffmpegMux, ffmpegMux, bunny);
  const keyframe = await firstKeyframe(chunk);
  const singly = await measure(() => previews(keyframe, 1), true);
  const batched = (await measure(() => previews(keyframe, MAX_BATCH), true)) / MAX_BATCH;
  console.log("\nPreview and thumbnail of 1920x1080, CPU ms for each:\n");
  console.log(`  one ffmpeg process a picture  ${singly.toFixed(1)}`);
  console.log(
    `  ${MAX_BATCH} in one process             ${batched.toFixed(1)}   (${(batched / singly).toFixed(2)} of it)`,
  );
  console.log(
    `\nA minute as a job, alone (lock, fdatasync, an ffmpeg process of its own): ${(whole - floor).toFixed(1)} ms`,
  );
  console.log(`Mux and batched pictures: ${(((own + batched) / 60_000) * 100).toFixed(3)} % of a core per camera`);
}

function row(name: string, ms: number, ffmpegMs: number, bunnyMs: number): void {
  const ratio = (to: number) => (ms / to).toFixed(2);
  console.log(
    `  ${name.padEnd(44)}${ms.toFixed(1).padStart(7)}   ${ratio(ffmpegMs)} of ffmpeg, ${ratio(bunnyMs)} of mediabunny`,
  );
}

/** Median CPU time in ms. That of children is measured in steps of 10 ms, so their rounds are repeated. */
async function measure(work: () => Promise<void>, hasChildren = false): Promise<number> {
  const times: number[] = [];
  const repeats = hasChildren ? 3 : 1;
  await work();
  for (let round = 0; round < ROUNDS; round++) {
    const before = cpuUs();
    for (let i = 0; i < repeats; i++) await work();
    times.push((cpuUs() - before) / 1000 / repeats);
  }
  return times.sort((a, b) => a - b)[ROUNDS >> 1] as number;
}

function cpuUs(): number {
  const { user, system } = process.cpuUsage();
  const fields = readFileSync("/proc/self/stat", "utf8").split(") ")[1]?.split(" ") ?? [];
  return user + system + (Number(fields[13]) + Number(fields[14])) * US_PER_TICK;
}

async function makeMinute(stream: string, chunk: string): Promise<void> {
  const clip = await makeClip({ width: 1920, height: 1080, frames: 1500, gop: 50, bitsPerSecond: 4_000_000 });
  const units = atPace(clip, START_US);
  await writeFile(stream, Buffer.concat(units.map(({ data }) => data)));
  await writeFile(chunk, chunkBytes({ units, origin: origin(), endUs: START_US + 60_000_000 }));
}

async function plan(path: string): Promise<{ plan: MinutePlan; source: SampleSource }> {
  const file = await open(path, "r");
  const index = await buffers.lend((buffer) => indexChunk(file, undefined, buffer));
  const source = chunkSource(path, file, index) as SampleSource;
  return { plan: planMinute(undefined, [{ index, source }]), source };
}

async function mux(path: string): Promise<void> {
  const { plan: planned, source } = await plan(path);
  const { value } = await keyframesOf(planned).next();
  const output = await open(join(folder, "own.mp4"), "w");
  await writeAll(output, [headOf((value as Keyframe).configuration, planned)]);
  await buffers.lend((buffer) => copySamples(planned.ranges, output, buffer));
  await output.close();
  await source.file.close();
}

function headOf(configuration: VideoConfiguration, { movie }: MinutePlan): Buffer {
  const { record, ...samples } = movie;
  return writeMovieHead({ tracks: [{ kind: "video", configuration, timescale: TIMESCALE, ...samples }], record });
}

async function convert(path: string): Promise<void> {
  const directory = join(folder, "cam");
  const target = chunkPath(directory, "cam", MINUTE, 1);
  await rm(directory, { recursive: true, force: true });
  await writeChunk(target, { units: [] });
  await copyFile(path, target);
  const config = { thumbnailWidth: 320, chunkIdleMs: 30_000 } as ReturnType<MinuteConverterTools["config"]>;
  const grabber = new FrameGrabber({ ffmpegPath: "ffmpeg", timeoutMs: 20_000, maxPixels: LARGEST_PIXELS });
  const tools = {
    files: new StoreFiles(),
    config: () => config,
    previews: new PreviewBatcher(grabber, 0),
    watch: new IdleWatch(),
    copying: new DiskSemaphores(1, async () => ""),
    buffers,
    pace: TAKEOVER_PACE,
  };
  await convertMinute({ camera: "cam", minute: MINUTE, directory }, tools);
}

async function copy(path: string): Promise<void> {
  const input = await open(path, "r");
  const output = await open(join(folder, "copy"), "w");
  const buffer = Buffer.allocUnsafeSlow(2 * 1024 * 1024);
  for (;;) {
    const { bytesRead } = await input.read(buffer, 0, buffer.length);
    if (bytesRead === 0) break;
    await output.write(buffer, 0, bytesRead);
  }
  await input.close();
  await output.close();
}

async function muxWithMediabunny(path: string): Promise<void> {
  const { plan: planned, source } = await plan(path);
  const { value } = await keyframesOf(planned).next();
  const { codecString, width, height, boxContent } = (value as Keyframe).configuration;
  const output = new Output({
    format: new Mp4OutputFormat({ fastStart: "reserve" }),
    target: new FilePathTarget(join(folder, "bunny.mp4")),
  });
  const track = new EncodedVideoPacketSource("avc");
  output.addVideoTrack(track, { maximumPacketCount: planned.movie.sizes.length });
  await output.start();
  const bytes = await readFile(path);
  const meta = {
    decoderConfig: { codec: codecString, codedWidth: width, codedHeight: height, description: boxContent },
  };
  const keyframes = new Set(planned.movie.keyframes);
  for (let i = 0; i < planned.movie.sizes.length; i++) {
    const at = source.offsets[i] as number;
    const data = bytes.subarray(at, at + (source.sizes[i] as number));
    source.codec.startCodesToLengths(data);
    const seconds = (planned.movie.dts[i] as number) / 90_000;
    await track.add(new EncodedPacket(data, keyframes.has(i) ? "key" : "delta", seconds, 0.04), meta);
  }
  await output.finalize();
  await source.file.close();
}

async function muxWithFfmpeg(stream: string): Promise<void> {
  const input = ["-v", "error", "-y", "-framerate", "25", "-f", "h264", "-i", stream];
  await run("ffmpeg", [...input, "-c", "copy", "-movflags", "+faststart", join(folder, "ffmpeg.mp4")]);
}

async function firstKeyframe(path: string): Promise<Keyframe> {
  const { plan: planned, source } = await plan(path);
  const { value } = await keyframesOf(planned).next();
  await source.file.close();
  const { nals, configuration } = value as ReadKeyframe;
  return keyframeOf(nals, configuration, LARGEST_PIXELS);
}

async function previews(keyframe: Keyframe, count: number): Promise<void> {
  const grabber = new FrameGrabber({ ffmpegPath: "ffmpeg", timeoutMs: 20_000, maxPixels: LARGEST_PIXELS });
  for (const picture of await grabber.grab(Array<Keyframe>(count).fill(keyframe))) {
    await makeThumbnail(picture as Buffer, 320, LARGEST_PIXELS);
  }
}
