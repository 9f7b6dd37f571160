import type { LiveFrame } from "../../../shared/live/frame-message.ts";

/** A run of frames that is silent for so long has ended, and another one may take its place. */
const SILENCE_MS = 1000;

/**
 * Lets through, of all frames that come for a camera, one run that can be decoded: it begins with a keyframe, and where
 * frames were dropped on the way it goes on with the next keyframe. When two recorders hold the camera for a while, the
 * one that began last is shown.
 */
export class FrameOrder {
  #source: number | undefined;
  #nextSequence = 0;
  #isWaitingForKeyframe = true;
  #heardMs = Number.NEGATIVE_INFINITY;

  /** Whether a frame that came at `nowMs` (of a clock that is never set) is to be shown. */
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
