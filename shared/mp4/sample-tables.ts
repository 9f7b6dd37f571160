import { fullBox, fullBoxParts, int64, lengthOf, uint32, uint32Table, uint64Table } from "./box.ts";
import { type Pauses, RunList, Uint32List } from "./uint32-list.ts";

/** Consecutive samples in the media data, in decode order. */
export interface SampleRun {
  /** In bytes. */
  sizes: Uint32Array;
  /** In ticks; any moment may be 0. */
  dts: Uint32Array;
  /** Presentation minus decode time; absent when all are 0. */
  ptsOffsets?: Int32Array;
  /** Indexes of the sync samples, from 0, ascending. Absent in a track in which all samples are. */
  keyframes?: Uint32Array;
  /** Their offsets in a file that holds them without gaps, where these are known: saves adding up the sizes. */
  offsets?: Float64Array;
}

const START: Uint32Array = Uint32Array.of(0);

/**
 * The sample tables of a track (ISO/IEC 14496-12 §8.5 to §8.7), built run by run: those of a day of video, two million
 * samples, take 9 MB, and nothing else about the samples is kept. Each keyframe and each run begins an mp4 "chunk".
 */
export class SampleTables {
  readonly #sizes = new Uint32List();
  readonly #durations = new RunList();
  readonly #offsets = new RunList();
  readonly #keyframes = new Uint32List();
  #areAllSync = true;
  /**
   * Where each mp4 chunk begins: in bytes from the first sample, and (`#chunkStarts`) the index of its first sample.
   */
  readonly #chunkOffsets: number[] = [];
  readonly #chunkStarts: number[] = [];
  #leastOffset = 0;
  #greatestOffset = 0;
  #hasOffsets = false;
  #isDelayed = false;
  #durationTicks = 0;
  #fixedParts: Buffer[] | undefined;
  mediaBytes = 0;

  get sampleCount(): number {
    return this.#sizes.length;
  }

  /**
   * Adds samples. The last one lasts for `lastDuration` ticks. The presentation offsets of the last `unreadOffsets`
   * samples get entries of their own: for the end of a track whose offsets may be negative, see UNREAD_SAMPLES.
   */
  add(run: SampleRun, lastDuration: number, unreadOffsets = 0): void {
    const { sizes, dts, keyframes, ptsOffsets } = run;
    if (sizes.length === 0) return;
    const base = this.sampleCount;
    this.#addDurations(dts, lastDuration);
    this.#addOffsets(ptsOffsets, sizes.length, unreadOffsets);
    this.#sizes.pushAll(sizes);
    const starts = keyframes ?? START;
    let sample = 0;
    for (const start of starts[0] === 0 ? starts : [0, ...starts]) {
      this.mediaBytes += bytesOf(run, sample, start);
      sample = start;
      this.#chunkOffsets.push(this.mediaBytes);
      this.#chunkStarts.push(base + start);
    }
    this.mediaBytes += bytesOf(run, sample, sizes.length);
    if (keyframes === undefined) return;
    this.#areAllSync = false;
    for (const index of keyframes) this.#keyframes.push(base + index + 1);
  }

  /**
   * Adds the same delay to all presentation offsets so that none is negative, and returns it, to be compensated by an
   * edit: with negative offsets, ffmpeg misplaces the pictures of a GOP that an edit cuts. Nothing may be added
   * afterwards.
   */
  async delay(pauses: Pauses): Promise<number> {
    const delay = Math.abs(this.#leastOffset);
    await this.#offsets.addToValues(delay, pauses);
    this.#isDelayed = true;
    return delay;
  }

  /**
   * The content of `stbl` after `stsd`, in parts, whose length does not depend on the offset of the first sample in the
   * file. The file has `mediaBytes` of media, including other tracks. Nothing may be added afterwards.
   */
  parts(mediaOffset: number, mediaBytes: number): Buffer[] {
    this.#fixedParts ??= [
      ...fullBoxParts("stts", 0, 0, [uint32(this.#durations.length), ...this.#durations.parts()]),
      ...this.#compositionParts(),
      ...this.#syncParts(),
      ...fullBoxParts("stsz", 0, 0, [uint32(0, this.sampleCount), ...this.#sizes.parts()]),
      this.#sampleToChunkBox(),
    ];
    // The tables come before the media, so their length may move the last offset beyond 32 bits.
    const isLong = isLongFile(mediaBytes + lengthOf(this.#fixedParts));
    return [...this.#fixedParts, this.#chunkOffsetBox(mediaOffset, isLong)];
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
    this.#durationTicks += (dts.at(-1) as number) - (dts[0] as number) + lastDuration;
  }

  #addOffsets(ptsOffsets: Int32Array | undefined, count: number, unreadOffsets: number): void {
    if (ptsOffsets === undefined) {
      this.#offsets.push(0, count);
      return;
    }
    const unread = count - unreadOffsets;
    for (let i = 0; i < count; i++) {
      const offset = ptsOffsets[i] as number;
      if (i < unread) this.#offsets.push(offset);
      else this.#offsets.pushAlone(offset);
      // Offsets that are all 0 are left out: a minute that grows has none before its first B-frame.
      if (offset !== 0) this.#hasOffsets = true;
      if (offset < this.#leastOffset) this.#leastOffset = offset;
      if (offset > this.#greatestOffset) this.#greatestOffset = offset;
    }
  }

  /** `ctts`; version 1 allows negative offsets, and then QuickTime requires `cslg`, too. */
  #compositionParts(): Buffer[] {
    if (!this.#hasOffsets) return [];
    const version = this.#isDelayed ? 0 : 1;
    const offsets = fullBoxParts("ctts", version, 0, [uint32(this.#offsets.length), ...this.#offsets.parts()]);
    if (this.#isDelayed) return offsets;
    const [least, greatest] = [this.#leastOffset, this.#greatestOffset];
    return [...offsets, fullBox("cslg", 1, 0, ...[-least, least, greatest, 0, this.#durationTicks].map(int64))];
  }

  #syncParts(): Buffer[] {
    if (this.#areAllSync) return [];
    return fullBoxParts("stss", 0, 0, [uint32(this.#keyframes.length), ...this.#keyframes.parts()]);
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

  #chunkOffsetBox(mediaOffset: number, isLong: boolean): Buffer {
    const offsets = new Float64Array(this.#chunkOffsets);
    for (let i = 0; i < offsets.length; i++) offsets[i] = (offsets[i] as number) + mediaOffset;
    const entries = isLong ? uint64Table(offsets) : uint32Table(offsets);
    return fullBox(isLong ? "co64" : "stco", 0, 0, uint32(offsets.length), entries);
  }
}

/** Whether offsets in the file may need 64 bits. */
function isLongFile(bytesInFront: number): boolean {
  return bytesInFront > 0xf000_0000;
}

/** Total bytes of the samples `from` to `to` (exclusive) of a run. */
function bytesOf({ sizes, offsets }: SampleRun, from: number, to: number): number {
  if (from === to) return 0;
  if (offsets !== undefined) return (offsets[to - 1] as number) + (sizes[to - 1] as number) - (offsets[from] as number);
  let bytes = 0;
  for (let i = from; i < to; i++) bytes += sizes[i] as number;
  return bytes;
}
