import type { VideoConfiguration } from "../codec/video-codec.ts";
import { isSameFormat } from "../codec/video-configuration.ts";
import type { MinutePlan } from "../minute/minute-plan.ts";
import { readNals, type SampleSource } from "../minute/sample-source.ts";
import { type Keyframe, keyframeOf } from "../pictures/keyframe.ts";
import { PictureTooLargeError } from "../pictures/picture-size.ts";
import type { PreviewBatcher } from "./preview-batcher.ts";

/** Keyframes that are tried before a minute counts as impossible to decode. */
const MAX_TRIES = 10;

/** The NAL units of a keyframe, and the parameter sets that apply to it: its own, or those of an earlier keyframe. */
export interface ReadKeyframe {
  nals: Buffer[];
  configuration: VideoConfiguration;
}

interface FoundKeyframe {
  nals: Buffer[];
  /** From its own parameter sets; undefined without them. */
  configuration: VideoConfiguration | undefined;
}

/** The keyframes of a planned minute, read one at a time; those before the first parameter sets are left out. */
export async function* keyframesOf(plan: MinutePlan): AsyncGenerator<ReadKeyframe> {
  let configuration: VideoConfiguration | undefined;
  for await (const { nals, configuration: own } of foundKeyframes(plan)) {
    configuration = own ?? configuration;
    if (configuration === undefined) continue;
    yield { nals, configuration };
  }
}

/**
 * The configuration for the boxes of a planned minute's mp4: the parameter sets of its first keyframe, and whether
 * those of another part change the picture format. Undefined when there are none.
 */
export async function configurationOf(plan: MinutePlan): Promise<VideoConfiguration | undefined> {
  const { done, value } = await keyframesOf(plan).next();
  if (done === true) return undefined;
  const { configuration } = value;
  for await (const { configuration: other } of firstKeyframesOfSources(plan)) {
    if (other !== undefined && !isSameFormat(configuration, other)) return { ...configuration, formatChanges: true };
  }
  return configuration;
}

/**
 * The first keyframe of each source. None when there is only one source: no known camera changes its format in a
 * session.
 */
async function* firstKeyframesOfSources({ movie, ranges }: MinutePlan): AsyncGenerator<FoundKeyframe> {
  const left = new Set(ranges.map(({ source }) => source));
  if (left.size === 1) return;
  let base = 0;
  for (const { source, from, to } of ranges) {
    const keyframe = movie.keyframes.find((index) => index >= base && index < base + to - from);
    if (keyframe !== undefined && left.delete(source)) yield await readKeyframe(source, from + keyframe - base);
    base += to - from;
  }
}

/**
 * The picture for a minute's preview: of its first keyframe; if that cannot be decoded, of one of the next; if none of
 * them can, of the first with the damage concealed. Undefined when none of this gives a picture. Throws what the
 * batcher throws, and PictureTooLargeError when there is no picture and a keyframe has more than `maxPixels`: such
 * keyframes are not passed to ffmpeg.
 */
export async function firstPicture(
  plan: MinutePlan,
  previews: PreviewBatcher,
  maxPixels: number,
): Promise<Buffer | undefined> {
  let first: Keyframe | undefined;
  let tooLarge: PictureTooLargeError | undefined;
  let tries = 0;
  for await (const { nals, configuration } of keyframesOf(plan)) {
    try {
      const keyframe = keyframeOf(nals, configuration, maxPixels);
      first ??= keyframe;
      const picture = await previews.grab(keyframe);
      if (picture !== undefined) return picture;
    } catch (error) {
      if (!(error instanceof PictureTooLargeError)) throw error;
      tooLarge ??= error;
    }
    if (++tries === MAX_TRIES) break;
  }
  const damaged = first === undefined ? undefined : await previews.grabDamaged(first);
  if (damaged === undefined && tooLarge !== undefined) throw tooLarge;
  return damaged;
}

async function* foundKeyframes(plan: MinutePlan): AsyncGenerator<FoundKeyframe> {
  const { keyframes } = plan.movie;
  let at = 0;
  let base = 0;
  for (const { source, from, to } of plan.ranges) {
    for (; at < keyframes.length && (keyframes[at] as number) < base + to - from; at++) {
      yield await readKeyframe(source, from + (keyframes[at] as number) - base);
    }
    base += to - from;
  }
}

async function readKeyframe(source: SampleSource, index: number): Promise<FoundKeyframe> {
  const nals = await readNals(source, index);
  return { nals, configuration: source.codec.configurationOf(nals) };
}
