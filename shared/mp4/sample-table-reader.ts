import { boxOf, FieldReader, type FoundBox, Mp4Error } from "./box-reader.ts";

interface ReadTable {
  sizes: Uint32Array;
  dts: Uint32Array;
  ptsOffsets?: Int32Array;
  /** All samples where there is no `stss` (§8.6.2). */
  keyframes: Uint32Array;
  offsets: Float64Array;
  extent: SampleExtent;
}

/** The range of a file that holds its samples, in bytes from its start. */
export interface SampleExtent {
  start: number;
  end: number;
  /** Whether the samples are stored in order and without gaps. */
  isContiguous: boolean;
}

/**
 * More samples than a file of ours can have: 13 hours at 85 pictures a second. Limits the memory that a damaged file
 * makes us allocate.
 */
const MAX_SAMPLES = 4_000_000;

/**
 * Reads the boxes of an `stbl` (ISO/IEC 14496-12 §8.5 to §8.7). Throws Mp4Error when they contradict one another, or
 * claim samples of one size with more than `maxBytes` in all.
 */
export function readSampleTable(bytes: Buffer, boxes: FoundBox[], durationTicks: number, maxBytes: number): ReadTable {
  const fields = (type: string) => {
    const reader = new FieldReader(bytes, boxOf(boxes, type));
    reader.skip(4);
    return reader;
  };
  const has = (type: string) => boxes.some((found) => found.type === type);
  const sizes = readSizes(fields("stsz"), maxBytes);
  const dts = readTimes(fields("stts"), sizes.length, durationTicks);
  const ptsOffsets = has("ctts") ? readOffsets(fields("ctts"), sizes.length) : undefined;
  const chunkOffsets = has("co64") ? readLongOffsets(fields("co64")) : readShortOffsets(fields("stco"));
  return {
    sizes,
    dts,
    ...(ptsOffsets === undefined ? {} : { ptsOffsets }),
    keyframes: has("stss") ? readKeyframes(fields("stss"), sizes.length) : allOf(sizes.length),
    ...readSampleOffsets(fields("stsc"), chunkOffsets, sizes),
  };
}

function readSizes(fields: FieldReader, maxBytes: number): Uint32Array {
  const sizeOfAll = fields.uint32();
  const count = sizeOfAll === 0 ? fields.count(4) : fields.uint32();
  if (count > MAX_SAMPLES) throw new Mp4Error(`${count} samples, more than ${MAX_SAMPLES}`);
  if (sizeOfAll * count > maxBytes) throw new Mp4Error(`${count} samples of ${sizeOfAll} bytes, more than there is`);
  return sizeOfAll === 0 ? fields.uint32s(count) : new Uint32Array(count).fill(sizeOfAll);
}

function readTimes(fields: FieldReader, count: number, durationTicks: number): Uint32Array {
  const dts = new Uint32Array(count);
  let sample = 0;
  let ticks = 0;
  const entries = fields.uint32s(fields.count(8) * 2);
  for (let i = 0; i < entries.length; i += 2) {
    const run = entries[i] as number;
    const duration = entries[i + 1] as number;
    if (run > count - sample) throw new Mp4Error("stts tells of more samples than there are");
    for (const end = sample + run; sample < end; sample++) {
      dts[sample] = ticks;
      ticks += duration;
    }
    if (ticks > 0xffff_ffff) throw new Mp4Error("decode times beyond 32 bits");
  }
  if (sample !== count) throw new Mp4Error("stts tells of fewer samples than there are");
  if (ticks !== durationTicks) throw new Mp4Error("the durations of the samples do not add up to that of the track");
  return dts;
}

function readOffsets(fields: FieldReader, count: number): Int32Array {
  const offsets = new Int32Array(count);
  let sample = 0;
  const entries = fields.uint32s(fields.count(8) * 2);
  for (let i = 0; i < entries.length; i += 2) {
    const run = entries[i] as number;
    const offset = (entries[i + 1] as number) | 0; // signed (ISO/IEC 14496-12 §8.6.1.3)
    if (run > count - sample) throw new Mp4Error("ctts tells of more samples than there are");
    offsets.fill(offset, sample, sample + run);
    sample += run;
  }
  return offsets;
}

function readKeyframes(fields: FieldReader, count: number): Uint32Array {
  const keyframes = fields.uint32s(fields.count(4));
  let before = -1;
  for (let i = 0; i < keyframes.length; i++) {
    const index = (keyframes[i] as number) - 1;
    if (index <= before || index >= count) throw new Mp4Error("stss is out of order");
    keyframes[i] = before = index;
  }
  return keyframes;
}

function allOf(count: number): Uint32Array {
  return Uint32Array.from({ length: count }, (_, index) => index);
}

function readShortOffsets(fields: FieldReader): Float64Array {
  return Float64Array.from(fields.uint32s(fields.count(4)));
}

function readLongOffsets(fields: FieldReader): Float64Array {
  const offsets = new Float64Array(fields.count(8));
  for (let i = 0; i < offsets.length; i++) offsets[i] = fields.uint64();
  return offsets;
}

function readSampleOffsets(
  fields: FieldReader,
  chunkOffsets: Float64Array,
  sizes: Uint32Array,
): Pick<ReadTable, "offsets" | "extent"> {
  const extent = { start: Number.POSITIVE_INFINITY, end: 0, isContiguous: true };
  const offsets = new Float64Array(sizes.length);
  const entries = fields.count(12);
  let sample = 0;
  let chunk = 0;
  let perChunk = 0;
  let end = 0;
  let next = entries === 0 ? Number.POSITIVE_INFINITY : fields.uint32() - 1;
  let left = entries;
  for (; chunk < chunkOffsets.length; chunk++) {
    if (chunk === next) {
      perChunk = fields.uint32();
      fields.skip(4);
      left--;
      next = left === 0 ? Number.POSITIVE_INFINITY : fields.uint32() - 1;
      if (next <= chunk) throw new Mp4Error("stsc is out of order");
    }
    if (perChunk > sizes.length - sample) throw new Mp4Error("stsc tells of more samples than there are");
    let offset = chunkOffsets[chunk] as number;
    for (const last = sample + perChunk; sample < last; sample++) {
      offsets[sample] = offset;
      offset += sizes[sample] as number;
    }
    if (chunk > 0 && chunkOffsets[chunk] !== end) extent.isContiguous = false;
    end = offset;
    extent.start = Math.min(extent.start, chunkOffsets[chunk] as number);
    extent.end = Math.max(extent.end, end);
  }
  if (sample !== sizes.length) throw new Mp4Error("stsc tells of fewer samples than there are");
  return { offsets, extent };
}
