import type { VideoConfiguration } from "../codec/video-codec.ts";
import type { SampleTimes } from "./sample-times.ts";

/** Samples of one track, in decode order. */
export interface SampleTable extends SampleTimes {
  /** In bytes. */
  sizes: Uint32Array;
  /** Indexes of the samples at which a decoder can begin (sync samples), from 0, ascending. */
  keyframes: Uint32Array;
}

interface AnyTrack extends SampleTable {
  /** Ticks per second. */
  timescale: number;
}

export interface VideoTrack extends AnyTrack {
  kind: "video";
  configuration: VideoConfiguration;
}

/** All of its samples are sync samples. */
export interface AudioTrack extends AnyTrack {
  kind: "audio";
  /** The whole sample entry box in `stsd`, which holds what a decoder must know. */
  sampleEntry: Buffer;
}

export type Track = VideoTrack | AudioTrack;
