import { fullBox, fullBoxParts, lengthOf, uint32, uint32Table, uint64Table } from "../../../shared/mp4/box.ts";
import { isLongFile } from "../../../shared/mp4/movie-writer.ts";
import type { Cut } from "./cut.ts";
import type { TimeSlice } from "./time-slice.ts";
import { RunList, Uint32List } from "./uint32-list.ts";

/**
 * The sample tables of a range (ISO/IEC 14496-12 §8.5 to §8.7), grown cut by cut: a day's two million samples are 9 MB of
 * tables, and nothing else of them is kept.
 */
export class SampleTables {
  readonly #sizes = new Uint32List();
  readonly #durations = new RunList();
  readonly #offsets = new RunList();
  readonly #keyframes = new Uint32List();
  /** Where each keyframe lies, from the first sample on: an mp4 "chunk" begins there. */
  readonly #chunkOffsets: number[] = [];
  readonly #chunkStarts: number[] = [];
  #leastOffset = 0;
  #hasOffsets = false;
  #fixedParts: Buffer[] | undefined;
  mediaBytes = 0;

  get sampleCount(): number {
    return this.#sizes.length;
  }

  /** Adds samples. The last of them lasts for `lastDuration` ticks. */
  add(cut: Cut, lastDuration: number): void {
    const { sizes, dts, keyframes, ptsOffsets } = cut;
    const base = this.sampleCount;
    this.#addDurations(dts, lastDuration);
    this.#addOffsets(ptsOffsets, sizes.length);
    this.#sizes.pushAll(sizes);
    let sample = 0;
    for (const start of keyframes[0] === 0 ? keyframes : [0, ...keyframes]) {
      this.mediaBytes += bytesOf(cut, sample, start);
      sample = start;
      this.#chunkOffsets.push(this.mediaBytes);
      this.#chunkStarts.push(base + start);
    }
    this.mediaBytes += bytesOf(cut, sample, sizes.length);
    for (const index of keyframes) this.#keyframes.push(base + index + 1);
  }

  /**
   * Makes all presentation offsets positive by one delay for all, which is returned and for an edit to take back: with
   * negative ones ffmpeg misplaces what an edit leaves over of a GOP. Nothing may be added after it.
   */
  async delay(slice: TimeSlice): Promise<number> {
    const delay = -this.#leastOffset;
    await this.#offsets.addToValues(delay, slice);
    return delay;
  }

  /** The content of `stbl` behind `stsd`, in parts, equally long for any offset. Nothing may be added after it. */
  parts(mediaOffset: number): Buffer[] {
    this.#fixedParts ??= [
      ...fullBoxParts("stts", 0, 0, [uint32(this.#durations.length), ...this.#durations.parts()]),
      ...this.#compositionParts(),
      ...fullBoxParts("stss", 0, 0, [uint32(this.#keyframes.length), ...this.#keyframes.parts()]),
      ...fullBoxParts("stsz", 0, 0, [uint32(0, this.sampleCount), ...this.#sizes.parts()]),
      this.#sampleToChunkBox(),
    ];
    return [...this.#fixedParts, this.#chunkOffsetBox(mediaOffset, lengthOf(this.#fixedParts))];
  }

  #addDurations(dts: Uint32Array, lastDuration: number): void {
    let run = 0;
    let duration = 0;
    for (let i = 1; i < dts.length; i++) {
      const next = (dts[i] as number) - (dts[i - 1] as number);
      if (next !== duration) {
        this.#durations.push(duration, run);
        duration = next;
        run = 0;
      }
      run++;
    }
    this.#durations.push(duration, run);
    this.#durations.push(lastDuration);
  }

  #addOffsets(ptsOffsets: Int32Array | undefined, count: number): void {
    if (ptsOffsets === undefined) {
      this.#offsets.push(0, count);
      return;
    }
    for (const offset of ptsOffsets) {
      this.#offsets.push(offset);
      // Not where all are 0: a minute that grows has none before its first B-frame.
      if (offset !== 0) this.#hasOffsets = true;
      if (offset < this.#leastOffset) this.#leastOffset = offset;
    }
  }

  #compositionParts(): Buffer[] {
    if (!this.#hasOffsets) return [];
    return fullBoxParts("ctts", 0, 0, [uint32(this.#offsets.length), ...this.#offsets.parts()]);
  }

  #sampleToChunkBox(): Buffer {
    const entries: number[] = [];
    let before = -1;
    const starts = this.#chunkStarts;
    for (const [chunk, start] of starts.entries()) {
      const count = (starts[chunk + 1] ?? this.sampleCount) - start;
      if (count !== before) entries.push(chunk + 1, count, 1);
      before = count;
    }
    return fullBox("stsc", 0, 0, uint32(entries.length / 3), uint32Table(entries));
  }

  #chunkOffsetBox(mediaOffset: number, tableBytes: number): Buffer {
    // The tables stand before the media: theirs are the bytes that may carry the last offset past 32 bits.
    const isLong = isLongFile(this.mediaBytes + tableBytes);
    const offsets = new Float64Array(this.#chunkOffsets);
    for (let i = 0; i < offsets.length; i++) offsets[i] = (offsets[i] as number) + mediaOffset;
    const entries = isLong ? uint64Table(offsets) : uint32Table(offsets);
    return fullBox(isLong ? "co64" : "stco", 0, 0, uint32(offsets.length), entries);
  }
}

/** How many bytes the samples `from` up to, not including, `to` of a cut have. */
function bytesOf({ sizes, offsets }: Cut, from: number, to: number): number {
  if (from === to) return 0;
  if (offsets !== undefined) return (offsets[to - 1] as number) + (sizes[to - 1] as number) - (offsets[from] as number);
  let bytes = 0;
  for (let i = from; i < to; i++) bytes += sizes[i] as number;
  return bytes;
}
