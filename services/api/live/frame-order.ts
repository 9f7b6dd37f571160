import type { LiveFrame } from "../../../shared/live/frame-message.ts";

/** A source that has sent no frame for this long has ended, and another one may replace it. */
const SILENCE_MS = 1000;

/**
 * Selects from all frames that arrive for a camera a sequence that can be decoded: it begins with a keyframe, and
 * where frames were lost on the way it continues with the next keyframe. While two recorders hold the camera, the one
 * that began last is shown.
 */
export class FrameOrder {
  #source: number | undefined;
  #nextSequence = 0;
  #isWaitingForKeyframe = true;
  #heardMs = Number.NEGATIVE_INFINITY;

  /** Whether to show a frame that arrived at `nowMs` (of a monotonic clock). */
  accepts(frame: LiveFrame, nowMs: number): boolean {
    if (frame.source !== this.#source) {
      const mayTakeOver = frame.sequence === 0 || nowMs - this.#heardMs >= SILENCE_MS;
      if (!frame.isKeyframe || !mayTakeOver) return false;
      this.#source = frame.source;
      this.#nextSequence = frame.sequence;
    }
    this.#heardMs = nowMs;
    if (frame.sequence !== this.#nextSequence) this.#isWaitingForKeyframe = true;
    this.#nextSequence = (frame.sequence + 1) >>> 0;
    if (frame.isKeyframe) this.#isWaitingForKeyframe = false;
    return !this.#isWaitingForKeyframe;
  }
}
