import { indexChunk } from "../../shared/chunk/chunk-index.ts";
import { splitAnnexB } from "../../shared/codec/nal-units.ts";
import { layOutTimes, TimesTooFarApartError } from "../../shared/mp4/sample-times.ts";
import { minuteAt } from "../../shared/time/minute.ts";
import type { MemoryChunk } from "./in-memory-chunks.ts";
import { must } from "./target.ts";
import { withFileOf } from "./temporary-file.ts";

const SPS = 7;
const PPS = 8;
const IDR = 5;

/**
 * Throws unless a chunk is well-formed (docs/storage.md): its blocks parse and end with an end block, it begins with a
 * keyframe, each keyframe has its parameter sets, and its times can be stored in a file. Returns its number of frames.
 */
export async function checkChunk({ minute, bytes }: MemoryChunk): Promise<number> {
  const index = await withFileOf(bytes, (file) => indexChunk(file));
  must(index.damage === undefined, `the chunk is damaged: ${index.damage}`);
  must(index.tornBytes === 0 && index.wholeBytes === bytes.length, `${index.tornBytes} bytes are torn`);
  must(index.isClosed && index.origin !== undefined, "the chunk has no end or no origin");
  const { offsets, sizes, keyframes, captureTimesUs, endUs } = index;
  must(offsets.length > 0, "the chunk holds no frame");
  must(keyframes[0] === 1, "the chunk does not begin with a keyframe");
  must(minuteAt(captureTimesUs[0] as number) === minute, "the chunk is not of its minute");
  offsets.forEach((offset, i) => {
    const data = bytes.subarray(offset, offset + (sizes[i] as number));
    const types = splitAnnexB(data).map((nal) => (nal[0] as number) & 31);
    const first = types.findIndex((type) => type >= 1 && type <= IDR);
    must(first !== -1, `frame ${i} holds no picture`);
    const isKeyframe = types[first] === IDR;
    must(isKeyframe === (keyframes[i] === 1), `frame ${i} of types ${types} is a keyframe to some, to others not`);
    if (isKeyframe) {
      const isComplete = types.slice(0, first).includes(SPS) && types.slice(0, first).includes(PPS);
      must(isComplete, `keyframe ${i} has its parameter sets not before it: ${types}`);
    }
    const timeUs = captureTimesUs[i] as number;
    must(Number.isSafeInteger(timeUs) && timeUs <= endUs, `frame ${i} is shown after the end`);
  });
  checkTimes(captureTimesUs, keyframes, endUs);
  return offsets.length;
}

/** Checks that decode times increase from frame to frame. */
function checkTimes(captureTimesUs: Float64Array, keyframes: Uint8Array, endUs: number): void {
  const span = { sampleCount: captureTimesUs.length, firstCaptureTimeUs: captureTimesUs[0] as number, endUs };
  try {
    const { dts, durationTicks } = layOutTimes([span], captureTimesUs, keyframes);
    dts.forEach((time, i) => {
      must(i === 0 || time > (dts[i - 1] as number), `decode time ${i} does not rise`);
    });
    must(durationTicks > (dts.at(-1) as number), "the last frame lasts no time");
  } catch (error) {
    if (!(error instanceof TimesTooFarApartError)) throw error;
  }
}
