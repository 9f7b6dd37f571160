import type { FileHandle } from "node:fs/promises";

/** A file with samples in it. */
export interface SampleSource {
  path: string;
  file: FileHandle;
  offsets: Float64Array;
  sizes: Uint32Array;
  /** Samples are NAL units behind start codes (a chunk), not behind lengths (an mp4). */
  isAnnexB: boolean;
}

/** Samples `from` up to, not including, `to` of a source. */
export interface SampleRange {
  source: SampleSource;
  from: number;
  to: number;
}
