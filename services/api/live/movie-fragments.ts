import type { VideoConfiguration } from "../../../shared/codec/video-codec.ts";
import { isSameConfiguration } from "../../../shared/codec/video-configuration.ts";
import type { LiveFrame } from "../../../shared/live/frame-message.ts";
import { writeFragment, writeInitializationSegment } from "../../../shared/mp4/fragment-writer.ts";

/** A stream that a player can begin: what it must be told, and the initialization segment. */
export interface StreamStart {
  configuration: VideoConfiguration;
  /** The capture time that the media time 0 stands for, µs since the Unix epoch. */
  startTimeUs: number;
  initializationSegment: Buffer;
}

export interface Fragment {
  /** A new stream begins with this fragment: the first, or after a change of the picture or of the clock. */
  start?: StreamStart;
  isKeyframe: boolean;
  bytes: Buffer;
}

/** Frames that are presented before the keyframe that they follow must not have negative times. */
const LEAD_US = 1_000_000;
/** Times that go back, or ahead by so much, are those of another clock. */
const MOST_BACK_US = 1_000_000;
const MOST_AHEAD_US = 10_000_000;
const DEFAULT_INTERVAL_US = 40_000;
const MOST_DURATION_US = 2_000_000;

/**
 * Makes fragments of live frames, one of each. What only the future knows is set so that a player is never held up. A
 * sample lasts half as long again as the longest interval of late. A player of Media Source Extensions takes decode times
 * that are more than two durations apart for the end of a stretch, and drops everything up to the next keyframe: so within
 * a GOP they never are, whatever the intervals of presentation. Frames that are presented before the one they follow
 * (B-frames) are decoded a microsecond after it.
 */
export class MovieFragments {
  #configuration: VideoConfiguration | undefined;
  #startTimeUs = 0;
  #sequence = 0;
  #newestUs = 0;
  #decodeTimeUs = 0;
  #durationUs = 0;
  /** Longest interval between frames, of this GOP and of the one before. */
  #intervalUs = 0;
  #previousIntervalUs = DEFAULT_INTERVAL_US;

  /** The fragment of a frame, or undefined where no stream could begin so far. Frames come in decode order. */
  take(frame: LiveFrame): Fragment | undefined {
    const nals = frame.codec.splitAccessUnit(frame.data);
    const start = frame.isKeyframe ? this.#startAt(frame, nals) : undefined;
    if (this.#configuration === undefined) return undefined;
    const presentationTimeUs = Math.max(0, frame.captureTimeUs - this.#startTimeUs);
    const aheadUs = presentationTimeUs - this.#newestUs;
    const decodeTimeUs = start === undefined ? this.#nextDecodeTime(frame, presentationTimeUs) : presentationTimeUs;
    if (frame.isKeyframe) {
      if (this.#intervalUs > 0) this.#previousIntervalUs = this.#intervalUs;
      this.#intervalUs = 0;
    }
    if (start === undefined) this.#intervalUs = Math.max(this.#intervalUs, aheadUs);
    this.#newestUs = start === undefined ? Math.max(this.#newestUs, presentationTimeUs) : presentationTimeUs;
    this.#decodeTimeUs = decodeTimeUs;
    const intervalUs = Math.max(this.#intervalUs, this.#previousIntervalUs);
    const durationUs = Math.min(MOST_DURATION_US, Math.round(intervalUs * 1.5));
    this.#durationUs = durationUs;
    this.#sequence = (this.#sequence + 1) >>> 0;
    const sample = {
      sequence: this.#sequence,
      isKeyframe: frame.isKeyframe,
      decodeTimeUs,
      presentationTimeUs,
      durationUs,
    };
    return { isKeyframe: frame.isKeyframe, bytes: writeFragment(sample, nals), ...(start !== undefined && { start }) };
  }

  #nextDecodeTime({ isKeyframe }: LiveFrame, presentationTimeUs: number): number {
    const timeUs = Math.max(this.#decodeTimeUs + 1, presentationTimeUs);
    return isKeyframe ? timeUs : Math.min(timeUs, this.#decodeTimeUs + 2 * this.#durationUs);
  }

  /** A new stream when this keyframe cannot go on with the one there is. */
  #startAt({ codec, captureTimeUs }: LiveFrame, nals: Buffer[]): StreamStart | undefined {
    const before = this.#configuration;
    const configuration = codec.configurationOf(nals);
    if (configuration === undefined) {
      this.#configuration = undefined;
      return undefined;
    }
    const aheadUs = captureTimeUs - this.#startTimeUs - this.#newestUs;
    const isSame = before !== undefined && isSameConfiguration(before, configuration);
    if (isSame && aheadUs > -MOST_BACK_US && aheadUs < MOST_AHEAD_US) return undefined;
    this.#configuration = configuration;
    this.#startTimeUs = captureTimeUs - LEAD_US;
    const initializationSegment = writeInitializationSegment([{ kind: "video", configuration }], captureTimeUs);
    return { configuration, startTimeUs: this.#startTimeUs, initializationSegment };
  }
}
