import { type Check, isText, oneOf, optional, wholeWithin, within } from "./checks.ts";
import { SCENE_NAMES, type SceneName } from "./scenes.ts";

/** Everything that determines the bytes of a clip: two clips with equal parameters are the same clip. */
export interface ClipParameters {
  width: number;
  height: number;
  fps: number;
  /** Number of frames; the clip is looped. */
  frames: number;
  bitrateKbit: number;
  gopFrames: number;
  bFrames: number;
  slices: number;
  profile: "baseline" | "main" | "high";
  label: string;
  scene: SceneName;
}

/** A clip as the configuration describes it. */
export interface ClipOptions extends Partial<Omit<ClipParameters, "frames">> {
  seconds?: number;
}

export const CLIP_CHECKS: Record<keyof ClipOptions, Check> = {
  // The minimum width is that of the pixel counter.
  width: optional((value) => wholeWithin(288, 7680)(value) && (value as number) % 2 === 0),
  height: optional((value) => wholeWithin(64, 4320)(value) && (value as number) % 2 === 0),
  fps: optional(within(1, 120)),
  seconds: optional(within(0.1, 600)),
  bitrateKbit: optional(within(16, 100_000)),
  gopFrames: optional(wholeWithin(1, 65_535)),
  bFrames: optional(wholeWithin(0, 8)),
  slices: optional(wholeWithin(1, 32)),
  profile: optional(oneOf("baseline", "main", "high")),
  label: optional(isText),
  scene: optional(oneOf(...SCENE_NAMES)),
};

const DEFAULT_CLIP: ClipParameters = {
  width: 1280,
  height: 720,
  fps: 25,
  frames: 250,
  bitrateKbit: 2000,
  gopFrames: 50,
  bFrames: 0,
  slices: 1,
  profile: "main",
  label: "",
  scene: "testcard",
};

/** Merges the options into `base`; the number of frames follows from the seconds. */
export function clipParameters(options: ClipOptions, base: ClipParameters = DEFAULT_CLIP): ClipParameters {
  const { seconds = base.frames / base.fps, ...rest } = options;
  const merged = { ...base, ...rest };
  // x264 refuses B-frames in the baseline profile.
  if (merged.bFrames > 0 && merged.profile === "baseline") merged.profile = "main";
  return { ...merged, frames: Math.max(1, Math.round(seconds * merged.fps)) };
}

/**
 * The same clip with a single keyframe at its beginning, which can be looped without that keyframe: the number of its
 * P-frames is a multiple of x264's smallest MaxFrameNum (16), so that frame_num continues correctly from the last to
 * the first.
 */
export function singleKeyframeClip(parameters: ClipParameters): ClipParameters {
  const frames = 1 + 16 * Math.max(1, Math.round((5 * parameters.fps) / 16));
  return { ...parameters, frames, gopFrames: frames + 1, bFrames: 0 };
}
