import type { Clip, ClipFrame } from "./clip.ts";

/** How a clip is played repeatedly. */
export interface Playback {
  clip: Clip;
  /**
   * Absent: the clip is looped as it is. Given: the clip has one keyframe, at its beginning, and is looped without it;
   * a keyframe comes only after this many frames (Infinity: never again).
   */
  keyframeEvery?: number;
}

export interface SourceFrame {
  clip: Clip;
  frame: ClipFrame;
  clipIndex: number;
  /** Index in presentation order since the source began. */
  displayIndex: number;
}

/** An endless sequence of frames in decode order, made from looped clips. Pure. */
export class FrameSource {
  private playback: Playback;
  private pending: Playback | undefined;
  private index = 0;
  private count = 0;
  /** Display index of the clip's first frame in the current loop. */
  private base = 0;
  private sinceKeyframe = 0;

  constructor(playback: Playback) {
    this.playback = playback;
  }

  get clip(): Clip {
    return this.playback.clip;
  }

  /** Changes to another clip at the next keyframe, or at once if the current clip has no further keyframe. */
  change(playback: Playback): void {
    this.pending = playback;
  }

  /** Jumps to a frame of the clip, which should be a keyframe. */
  seek(clipIndex: number): void {
    this.index = clipIndex;
    this.base = this.count - clipIndex;
  }

  /** The frame that {@link next} will return. */
  peek(): SourceFrame {
    this.settle();
    const { clip } = this.playback;
    const frame = clip.frames[this.index] as ClipFrame;
    return { clip, frame, clipIndex: this.index, displayIndex: this.base + frame.displayIndex };
  }

  next(): SourceFrame {
    const frame = this.peek();
    this.index++;
    this.count++;
    this.sinceKeyframe = frame.frame.keyframe ? 1 : this.sinceKeyframe + 1;
    return frame;
  }

  /** Loops back, and applies a pending change, if it is time to. */
  private settle(): void {
    const { clip, keyframeEvery } = this.playback;
    if (keyframeEvery !== undefined) {
      if (this.sinceKeyframe >= keyframeEvery) this.seek(0);
      else if (this.index >= clip.frames.length) this.seek(Math.min(1, clip.frames.length - 1));
    } else if (this.index >= clip.frames.length) {
      this.seek(0);
    }
    if (this.pending && (keyframeEvery !== undefined || clip.frames[this.index]?.keyframe)) {
      this.playback = this.pending;
      this.pending = undefined;
      this.seek(0);
    }
  }
}
