/** Measured rates of a stream over the last seconds. */
export interface StreamFigures {
  framesPerSecond: number;
  bitsPerSecond: number;
  keyframeIntervalMs?: number;
}

const WINDOW_US = 5_000_000;

/** Measures frame rate, bit rate and keyframe interval by the camera's own clock. */
export class StreamMeter {
  #startUs: number | undefined;
  #frames = 0;
  #bytes = 0;
  #keyframeUs: number | undefined;
  #keyframeIntervalUs: number | undefined;
  #figures: StreamFigures | undefined;

  /** The figures of the last complete window; undefined before the first. */
  get figures(): StreamFigures | undefined {
    return this.#figures;
  }

  /** Counts a frame captured at `timeUs` by the camera's clock. */
  frame(timeUs: number, bytes: number, isKeyframe: boolean): void {
    if (isKeyframe) {
      if (this.#keyframeUs !== undefined && timeUs > this.#keyframeUs) {
        this.#keyframeIntervalUs = timeUs - this.#keyframeUs;
      }
      this.#keyframeUs = timeUs;
    }
    this.#startUs ??= timeUs;
    const spanUs = timeUs - this.#startUs;
    if (spanUs >= WINDOW_US) {
      this.#figures = {
        framesPerSecond: round((this.#frames * 1e6) / spanUs),
        bitsPerSecond: Math.round((this.#bytes * 8e6) / spanUs),
        ...(this.#keyframeIntervalUs === undefined
          ? {}
          : { keyframeIntervalMs: Math.round(this.#keyframeIntervalUs / 1000) }),
      };
      this.#startUs = timeUs;
      this.#frames = 0;
      this.#bytes = 0;
    } else if (spanUs < 0) {
      return; // B-frames
    }
    this.#frames++;
    this.#bytes += bytes;
  }
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
