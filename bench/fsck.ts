// The cost of `nvr fsck` on a large store. Usage: tsx bench/fsck.ts [minutes = 100000] [folder]
import { execFileSync } from "node:child_process";
import {
  closeSync,
  ftruncateSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkStore } from "../cli/fsck/store-check.ts";
import { H264 } from "../shared/codec/h264/h264.ts";
import { splitAnnexB } from "../shared/codec/nal-units.ts";
import type { VideoConfiguration } from "../shared/codec/video-codec.ts";
import { writeMovieHead } from "../shared/mp4/movie-writer.ts";
import { layOutTimes, TIMESCALE } from "../shared/mp4/sample-times.ts";
import { dayFolder, minutePath } from "../shared/store/names.ts";
import { minuteAt } from "../shared/time/minute.ts";
import { makeClip } from "../tests/support/chunk-maker.ts";

const minutes = Number(process.argv[2] ?? 100_000);
const root = mkdtempSync(join(process.argv[3] ?? tmpdir(), "hindsight-bench-fsck-"));
const print = (line: string) => process.stdout.write(`${line}\n`);
const SAMPLES = 1500;
const SAMPLE_BYTES = 20_000;
const START_MS = Date.UTC(2025, 0, 1);
const MINUTE_MS = 60_000;
const CAPTURE_RECORD = Buffer.from("c3f1a6d27e0b4d5f9a418e2d5b7790c4", "hex");

/** A minute's index with as many pictures as a camera makes at 25 a second; setTimes fills in its times. */
async function makeHead(): Promise<Buffer> {
  const [unit] = await makeClip();
  const configuration = H264.configurationOf(splitAnnexB(unit?.data as Buffer)) as VideoConfiguration;
  const spans = [{ sampleCount: SAMPLES, firstCaptureTimeUs: 0, endUs: MINUTE_MS * 1000 }];
  const timesUs = Float64Array.from({ length: SAMPLES }, (_, i) => i * 40_000);
  const flags = Uint8Array.from({ length: SAMPLES }, (_, i) => (i % 50 === 0 ? 1 : 0));
  return writeMovieHead({
    tracks: [
      {
        kind: "video",
        configuration,
        timescale: TIMESCALE,
        sizes: new Uint32Array(SAMPLES).fill(SAMPLE_BYTES),
        keyframes: Uint32Array.from({ length: SAMPLES / 50 }, (_, i) => i * 50),
        ...layOutTimes(spans, timesUs, flags),
      },
    ],
    record: { spans, chunks: [] },
  });
}

/** Fills in the two pairs of times of the capture record (docs/mp4.md). */
function setTimes(head: Buffer, startMs: number): void {
  const record = head.indexOf(CAPTURE_RECORD) + CAPTURE_RECORD.length;
  for (const at of [record + 4, record + 4 + 16 + 2 + 4 + 4]) {
    head.writeBigUInt64BE(BigInt(startMs * 1000), at);
    head.writeBigUInt64BE(BigInt((startMs + MINUTE_MS) * 1000), at + 8);
  }
}

/** The media data is a hole in the file, and all pictures of a day are one file with many names. */
async function makeStore(directory: string): Promise<void> {
  const head = await makeHead();
  for (let i = 0; i < minutes; i++) {
    const startMs = START_MS + i * MINUTE_MS;
    const minute = minuteAt(startMs * 1000);
    const picture = join(dayFolder(directory, minute.slice(0, 8)), "..", `${minute.slice(0, 8)}.jpg`);
    if (i % 1440 === 0) {
      mkdirSync(dayFolder(directory, minute.slice(0, 8)), { recursive: true });
      writeFileSync(picture, Buffer.from([0xff, 0xd8, 0xff, 0xd9]));
    }
    setTimes(head, startMs);
    const file = openSync(minutePath(directory, "cam", minute, "mp4"), "w");
    writeSync(file, head);
    ftruncateSync(file, head.length + SAMPLES * SAMPLE_BYTES);
    closeSync(file);
    for (const kind of ["preview", "thumbnail"] as const) linkSync(picture, minutePath(directory, "cam", minute, kind));
  }
}

try {
  const madeMs = performance.now();
  const directory = join(root, "cam");
  await makeStore(directory);
  print(`${minutes} minutes, made in ${Math.round(performance.now() - madeMs)} ms`);
  execFileSync("sync", ["-f", root]);
  const startMs = performance.now();
  const cpu = process.cpuUsage();
  const before = process.memoryUsage.rss();
  let maxRss = before;
  const watch = setInterval(() => {
    maxRss = Math.max(maxRss, process.memoryUsage.rss());
  }, 20);
  let [checked, gaps, faults] = [0, 0, 0];
  await checkStore({
    directories: [{ camera: "cam", directory }],
    isDeep: false,
    events: {
      found({ severity }) {
        if (severity === "fault") faults++;
      },
      day(report) {
        checked += report.minutes;
        gaps += report.gaps;
      },
      progress() {},
    },
  });
  clearInterval(watch);
  const { user, system } = process.cpuUsage(cpu);
  print(
    `${checked} minutes checked, ${gaps} gaps, ${faults} faults: ${Math.round(performance.now() - startMs)} ms, ` +
      `${Math.round((user + system) / 1000)} ms of CPU, at most ${Math.round(maxRss / 1e6)} MB (${Math.round(before / 1e6)} before)`,
  );
} finally {
  rmSync(root, { recursive: true, force: true });
}
