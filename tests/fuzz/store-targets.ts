import fc from "fast-check";
import { readBlocks } from "../../services/recorder/testing/recording.ts";
import { indexChunk } from "../../shared/chunk/chunk-index.ts";
import { H264 } from "../../shared/codec/h264/h264.ts";
import { joinWithLengths, splitAnnexB } from "../../shared/codec/nal-units.ts";
import { Mp4Error } from "../../shared/mp4/box-reader.ts";
import { readMinute, readMinuteSummary } from "../../shared/mp4/minute-file.ts";
import { writeMovieHead } from "../../shared/mp4/movie-writer.ts";
import { layOutTimes, TIMESCALE } from "../../shared/mp4/sample-times.ts";
import { ChunkingSession } from "./in-memory-chunks.ts";
import { mutate, mutationLists } from "./mutations.ts";
import type { Session } from "./recorded-session.ts";
import { pushInReads } from "./session-receiver.ts";
import { allocatesAtMost, type FuzzTarget, fuzzTarget, must, rejectsOnly } from "./target.ts";
import { withFileOf } from "./temporary-file.ts";

const VIDEO = 0;
const ORIGIN = 254;
const BLOCK_HEADER_BYTES = 17;
const BOXES = [
  "moov",
  "uuid",
  "trak",
  "mdia",
  "mdhd",
  "minf",
  "stbl",
  "stsd",
  "avcC",
  "stts",
  "ctts",
  "stss",
  "stsz",
  "stsc",
  "stco",
];

/** Readers of stored files. */
export function storeTargets(sessions: readonly Session[]): FuzzTarget[] {
  const chunks = sessions.map(chunkOf);
  const movies = chunks.map(movieOf);
  return [chunkTarget(chunks), mp4Target(movies)];
}

function chunkTarget(chunks: readonly Buffer[]): FuzzTarget {
  const inputs = fc.tuple(fc.nat(chunks.length - 1), fc.nat(chunks.length - 1), mutationLists(4), fc.nat());
  return fuzzTarget("chunk-index", 120, inputs, async ([one, two, mutations, cut]) => {
    const source = chunks[one] as Buffer;
    const headers = blockStarts(source);
    const { bytes } = mutate({ bytes: source, headers, lengthAt: 7, other: chunks[two] as Buffer }, mutations);
    const limits = { largest: 4096 + 2 * bytes.length, total: 64 * 1024 + 16 * bytes.length };
    await withFileOf(bytes, (file) =>
      allocatesAtMost(limits, async () => {
        const index = await indexChunk(file);
        const { offsets, sizes, captureTimesUs, keyframes, wholeBytes, tornBytes, endUs } = index;
        must(wholeBytes + tornBytes === bytes.length && wholeBytes >= 0 && tornBytes >= 0, "bytes that are neither");
        let before = 0;
        offsets.forEach((offset, i) => {
          must(offset >= before + BLOCK_HEADER_BYTES, `frame ${i} lies within the one before`);
          before = offset + (sizes[i] as number);
          must(before <= wholeBytes, `frame ${i} does not lie within the whole blocks`);
          must((captureTimesUs[i] as number) <= endUs && Number.isSafeInteger(endUs), `frame ${i} is after the end`);
        });
        must(keyframes.length === offsets.length && sizes.length === offsets.length, "lists of different lengths");
      }),
    );
    await mustGoOn(bytes, cut);
  });
}

/** Indexing a chunk while it grows must give the same index as indexing it at once. */
async function mustGoOn(bytes: Buffer, cut: number): Promise<void> {
  const at = cut % (bytes.length + 1);
  const whole = await withFileOf(bytes, (file) => indexChunk(file));
  const grown = await withFileOf(bytes.subarray(0, at), async (file) => {
    const previous = await indexChunk(file);
    await file.write(bytes, at, bytes.length - at, at);
    return indexChunk(file, previous);
  });
  must(
    whole.offsets.length === grown.offsets.length,
    `${whole.offsets.length} frames, ${grown.offsets.length} if grown`,
  );
  for (const key of ["wholeBytes", "tornBytes", "isClosed", "endUs", "damage"] as const) {
    must(whole[key] === grown[key], `${key} is ${whole[key]}, and ${grown[key]} when the chunk grew from ${at} bytes`);
  }
}

function mp4Target(movies: readonly Buffer[]): FuzzTarget {
  const inputs = fc.tuple(fc.nat(movies.length - 1), fc.nat(movies.length - 1), mutationLists(4), fc.boolean());
  return fuzzTarget("mp4", 200, inputs, async ([one, two, mutations, isInIndex]) => {
    const source = movies[one] as Buffer;
    const headers = boxStarts(source);
    const end = isInIndex ? source.indexOf("mdat") : source.length;
    const { bytes } = mutate({ bytes: source, headers, lengthAt: 2, other: movies[two] as Buffer }, mutations, 0, end);
    const limits = { largest: 128 * 1024 + 8 * bytes.length, total: 256 * 1024 + 32 * bytes.length };
    await withFileOf(bytes, (file) =>
      allocatesAtMost(limits, async () => {
        await rejectsOnly(async () => {
          const { sizes, offsets, dts, keyframes } = (await readMinute(file)).video;
          must(dts.length === sizes.length && offsets.length === sizes.length, "tables of different lengths");
          for (const [i, size] of sizes.entries()) {
            must((offsets[i] as number) + size <= bytes.length, `sample ${i} does not lie within the file`);
          }
          for (const index of keyframes) must(index < sizes.length, `keyframe ${index} of ${sizes.length} samples`);
        }, Mp4Error);
        await rejectsOnly(() => readMinuteSummary(file), Mp4Error);
      }),
    );
  });
}

/** The chunk of a recorded session. */
function chunkOf({ bytes, videoChannel }: Session): Buffer {
  const way = new ChunkingSession({
    videoChannel,
    maxBufferBytes: 2 ** 20,
    readIntervalUs: 40_000,
    readsPerFlush: 10,
  });
  pushInReads(
    bytes,
    Array.from({ length: 100 }, (_, i) => i * 240),
    (read, length) => way.push(read, length),
  );
  way.end();
  const [chunk] = way.chunks;
  if (chunk === undefined) throw new Error("a recorded session without a frame");
  return chunk.bytes;
}

/** The mp4 of a chunk. */
function movieOf(chunk: Buffer): Buffer {
  const { blocks } = readBlocks(chunk);
  const frames = blocks.filter(({ kind }) => kind === VIDEO);
  const origin = JSON.parse((blocks.find(({ kind }) => kind === ORIGIN)?.data ?? "").toString());
  const nals = frames.map(({ data }) => splitAnnexB(data));
  const configuration = H264.configurationOf(nals[0] as Buffer[]);
  if (configuration === undefined) throw new Error("a recorded session without parameter sets");
  const samples = nals.map((units) => joinWithLengths(units));
  const timesUs = Float64Array.from(frames, ({ timeUs }) => timeUs);
  const keyframes = nals.map((units) => units.some((nal) => ((nal[0] as number) & 31) === 5));
  const first = timesUs[0] as number;
  const spans = [
    { sampleCount: frames.length, firstCaptureTimeUs: first, endUs: Math.max(...timesUs) + 100_000, origin },
  ];
  const head = writeMovieHead({
    tracks: [
      {
        kind: "video",
        configuration,
        timescale: TIMESCALE,
        ...layOutTimes(spans, timesUs, Uint8Array.from(keyframes, Number)),
        sizes: Uint32Array.from(samples, ({ length }) => length),
        keyframes: Uint32Array.from(keyframes.flatMap((isKeyframe, i) => (isKeyframe ? [i] : []))),
      },
    ],
    record: { spans, chunks: [{ openedUs: first, sampleCount: frames.length, origin }] },
  });
  return Buffer.concat([head, ...samples]);
}

function blockStarts(chunk: Buffer): number[] {
  const starts: number[] = [];
  for (let at = 0; at < chunk.length; at += BLOCK_HEADER_BYTES + Number(chunk.readBigUInt64BE(at + 1))) starts.push(at);
  return starts;
}

/** Offsets of boxes, and two bytes before the counts of tables: lengths are corrupted there. */
function boxStarts(movie: Buffer): number[] {
  const starts = BOXES.map((type) => movie.indexOf(type, 0, "latin1") - 4).filter((at) => at >= 0);
  return [...starts, ...starts.map((at) => at + 10), ...starts.map((at) => at + 14)];
}
