import type { VideoConfiguration } from "../../../shared/codec/video-codec.ts";
import { isSameConfiguration } from "../../../shared/codec/video-configuration.ts";
import type { LiveFrame } from "../../../shared/live/frame-message.ts";
import { writeFragment, writeInitializationSegment } from "../../../shared/mp4/fragment-writer.ts";

/** What a player needs to begin a stream. */
export interface StreamStart {
  configuration: VideoConfiguration;
  /** The capture time at media time 0, µs since the Unix epoch. */
  startTimeUs: number;
  initializationSegment: Buffer;
}

export interface Fragment {
  /** Set when a new stream begins here: at the first fragment, and after a change of the picture or of the clock. */
  start?: StreamStart;
  isKeyframe: boolean;
  bytes: Buffer;
}

/** Offset of the times, so that frames presented before the keyframe that they follow have no negative times. */
const LEAD_US = 1_000_000;
/** A capture time that is further back or ahead than this comes from another clock. */
const MAX_BACK_US = 1_000_000;
const MAX_AHEAD_US = 10_000_000;
const DEFAULT_INTERVAL_US = 40_000;
const MAX_DURATION_US = 2_000_000;

/**
 * Makes a fragment of each live frame. Values that depend on later frames are chosen so that a player never stalls: a
 * sample lasts 1.5 times the longest recent interval. A player of Media Source Extensions takes decode times that are
 * more than two durations apart for a gap, and drops everything up to the next keyframe: so within a GOP they never
 * are that far apart, whatever the intervals of presentation. Frames that are presented before the one they follow
 * (B-frames) are decoded a microsecond after it.
 */
export class MovieFragments {
  #configuration: VideoConfiguration | undefined;
  #startTimeUs = 0;
  #sequence = 0;
  #newestUs = 0;
  #decodeTimeUs = 0;
  #durationUs = 0;
  /** The longest interval between frames of this GOP; below it, that of the GOP before. */
  #intervalUs = 0;
  #previousIntervalUs = DEFAULT_INTERVAL_US;

  /** The fragment of a frame, or undefined while no stream could begin yet. Frames must come in decode order. */
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
    const durationUs = Math.min(MAX_DURATION_US, Math.round(intervalUs * 1.5));
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

  /** The start of a new stream if this keyframe cannot continue the current one. */
  #startAt({ codec, captureTimeUs }: LiveFrame, nals: Buffer[]): StreamStart | undefined {
    const before = this.#configuration;
    const configuration = codec.configurationOf(nals);
    if (configuration === undefined) {
      this.#configuration = undefined;
      return undefined;
    }
    const aheadUs = captureTimeUs - this.#startTimeUs - this.#newestUs;
    const isSame = before !== undefined && isSameConfiguration(before, configuration);
    if (isSame && aheadUs > -MAX_BACK_US && aheadUs < MAX_AHEAD_US) return undefined;
    this.#configuration = configuration;
    this.#startTimeUs = captureTimeUs - LEAD_US;
    const initializationSegment = writeInitializationSegment([{ kind: "video", configuration }], captureTimeUs);
    return { configuration, startTimeUs: this.#startTimeUs, initializationSegment };
  }
}
