import type { VideoConfiguration } from "../codec/video-codec.ts";
import type { SampleTimes } from "./sample-times.ts";

/** Samples of one track, in decode order. */
export interface SampleTable extends SampleTimes {
  /** In bytes. */
  sizes: Uint32Array;
  /** At which a decoder can begin (sync samples), by their index from 0, ascending. */
  keyframes: Uint32Array;
}

interface AnyTrack extends SampleTable {
  /** Ticks a second. */
  timescale: number;
}

export interface VideoTrack extends AnyTrack {
  kind: "video";
  configuration: VideoConfiguration;
}

/** All of its samples are sync samples. */
export interface AudioTrack extends AnyTrack {
  kind: "audio";
  /** The box in `stsd`, whole: what a decoder must know is in it. */
  sampleEntry: Buffer;
}

export type Track = VideoTrack | AudioTrack;
