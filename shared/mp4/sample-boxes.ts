import { fullBox, int64, uint32, uint32Table, uint64Table } from "./box.ts";
import { type SampleTimes, UNREAD_SAMPLES } from "./sample-times.ts";

/** The tables of an `stbl` box (ISO/IEC 14496-12 §8.5 to §8.7). Each keyframe begins an mp4 "chunk" of its own. */
interface Samples extends SampleTimes {
  sizes: Uint32Array;
  keyframes: Uint32Array;
}

/** `stts`: how long each sample lasts, equal ones in a row as one entry. */
export function timeBox({ dts, durationTicks }: SampleTimes): Buffer {
  const durations = runs(dts.length, (i) => (dts[i + 1] ?? durationTicks) - (dts[i] as number));
  return fullBox("stts", 0, 0, uint32(durations.length / 2), uint32Table(durations));
}

/**
 * `ctts` version 1, whose offsets may be negative, and `cslg`, which QuickTime wants beside it; none without offsets. The
 * last samples have an entry each: ffmpeg leaves the last entries unread, however many samples they hold.
 */
export function compositionBoxes({ dts, ptsOffsets, durationTicks }: SampleTimes): Buffer[] {
  if (ptsOffsets === undefined) return [];
  const tail = Math.max(0, dts.length - UNREAD_SAMPLES);
  const offsets = runs(tail, (i) => ptsOffsets[i] as number);
  for (const offset of ptsOffsets.subarray(tail)) offsets.push(1, offset);
  let least = 0;
  let greatest = 0;
  for (const offset of ptsOffsets) {
    if (offset < least) least = offset;
    if (offset > greatest) greatest = offset;
  }
  return [
    fullBox("ctts", 1, 0, uint32(offsets.length / 2), uint32Table(offsets)),
    fullBox("cslg", 1, 0, ...[-least, least, greatest, 0, durationTicks].map(int64)),
  ];
}

/** `stss`: which samples are keyframes. */
export function syncBox(keyframes: Uint32Array): Buffer {
  return fullBox("stss", 0, 0, uint32(keyframes.length), uint32Table(keyframes.map((index) => index + 1)));
}

/** `stsz` */
export function sizeBox(sizes: Uint32Array): Buffer {
  return fullBox("stsz", 0, 0, uint32(0, sizes.length), uint32Table(sizes));
}

/** `stsc` */
export function sampleToChunkBox(samples: Samples): Buffer {
  const starts = chunkStarts(samples);
  const entries: number[] = [];
  let before = -1;
  for (const [chunk, start] of starts.entries()) {
    const count = (starts[chunk + 1] ?? samples.sizes.length) - start;
    if (count !== before) entries.push(chunk + 1, count, 1);
    before = count;
  }
  return fullBox("stsc", 0, 0, uint32(entries.length / 3), uint32Table(entries));
}

/** `stco`, or `co64` when the file may be longer than 4 GiB. */
export function chunkOffsetBox(samples: Samples, isLong: boolean, mediaOffset: number): Buffer {
  const offsets: number[] = [];
  let offset = mediaOffset;
  let sample = 0;
  for (const start of chunkStarts(samples)) {
    for (; sample < start; sample++) offset += samples.sizes[sample] as number;
    offsets.push(offset);
  }
  const entries = isLong ? uint64Table(offsets) : uint32Table(offsets);
  return fullBox(isLong ? "co64" : "stco", 0, 0, uint32(offsets.length), entries);
}

function chunkStarts({ keyframes, sizes }: Samples): number[] {
  const starts = Array.from(keyframes);
  if (starts[0] !== 0 && sizes.length > 0) starts.unshift(0);
  return starts;
}

/** Run-length pairs (count, value). */
function runs(length: number, valueAt: (index: number) => number): number[] {
  const pairs: number[] = [];
  for (let i = 0; i < length; i++) {
    const value = valueAt(i);
    if (pairs.length > 0 && pairs.at(-1) === value) pairs[pairs.length - 2] = (pairs.at(-2) as number) + 1;
    else pairs.push(1, value);
  }
  return pairs;
}
