import { splitAccessUnit } from "../codec/h264/access-unit.ts";
import { SpsError } from "../codec/h264/sps.ts";
import type { MinutePlan } from "../minute/minute-plan.ts";
import type { SampleSource } from "../minute/sample-source.ts";
import { type AvcConfiguration, avcConfigurationOf, isSameFormat } from "../mp4/avc-configuration.ts";
import { type Keyframe, keyframeOf } from "../pictures/keyframe.ts";
import { PictureTooLargeError } from "../pictures/picture-size.ts";
import type { PreviewBatcher } from "./preview-batcher.ts";
import { readSample } from "./sample-copy.ts";

/** Keyframes that are tried before a minute counts as one that nobody can decode. */
const MAX_TRIES = 10;

/** The NAL units of a keyframe, and the parameter sets that they hold or go by. */
export interface ReadKeyframe {
  nals: Buffer[];
  configuration: AvcConfiguration;
}

/** The keyframes of a planned minute, read one at a time. */
export async function* keyframesOf(plan: MinutePlan): AsyncGenerator<ReadKeyframe> {
  let configuration: AvcConfiguration | undefined;
  for await (const nals of keyframeNals(plan)) {
    configuration = configurationIn(nals) ?? configuration;
    if (configuration === undefined) continue;
    yield { nals, configuration };
  }
}

/**
 * What the boxes of a planned minute's mp4 tell a decoder: the parameter sets of its first keyframe, and whether those of
 * another part give its pictures another format. Undefined when there are none.
 */
export async function configurationOf(plan: MinutePlan): Promise<AvcConfiguration | undefined> {
  const { done, value } = await keyframesOf(plan).next();
  if (done === true) return undefined;
  const { configuration } = value;
  for await (const nals of firstKeyframesOfSources(plan)) {
    const other = configurationIn(nals);
    if (other !== undefined && !isSameFormat(configuration, other)) return { ...configuration, formatChanges: true };
  }
  return configuration;
}

/** Nothing where there is one source alone: no camera is known that changes its format within a session. */
async function* firstKeyframesOfSources({ movie, ranges }: MinutePlan): AsyncGenerator<Buffer[]> {
  const left = new Set(ranges.map(({ source }) => source));
  if (left.size === 1) return;
  let base = 0;
  for (const { source, from, to } of ranges) {
    const keyframe = movie.keyframes.find((index) => index >= base && index < base + to - from);
    if (keyframe !== undefined && left.delete(source)) yield await readNals(source, from + keyframe - base);
    base += to - from;
  }
}

/**
 * The picture for a minute's preview: that of its first keyframe; if it cannot be decoded, of one of the next; if none of
 * them can, of the first with the damage concealed. Undefined when nothing at all comes out. Throws what the batcher does, and
 * PictureTooLargeError when nothing comes out and one of them has more than `maxPixels`: no ffmpeg is asked for that one.
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

async function* keyframeNals(plan: MinutePlan): AsyncGenerator<Buffer[]> {
  const { keyframes } = plan.movie;
  let at = 0;
  let base = 0;
  for (const { source, from, to } of plan.ranges) {
    for (; at < keyframes.length && (keyframes[at] as number) < base + to - from; at++) {
      yield await readNals(source, from + (keyframes[at] as number) - base);
    }
    base += to - from;
  }
}

async function readNals(source: SampleSource, index: number): Promise<Buffer[]> {
  const sample = await readSample(source, index);
  return source.isAnnexB ? splitAccessUnit(sample) : splitLengths(sample, source);
}

function configurationIn(nals: Buffer[]): AvcConfiguration | undefined {
  try {
    return avcConfigurationOf(nals);
  } catch (error) {
    if (error instanceof SpsError) return undefined;
    throw error;
  }
}

function splitLengths(sample: Buffer, { path }: SampleSource): Buffer[] {
  const nals: Buffer[] = [];
  for (let at = 0; at < sample.length; ) {
    const end = at + 4 <= sample.length ? at + 4 + sample.readUInt32BE(at) : Number.POSITIVE_INFINITY;
    if (end > sample.length) throw new Error(`${path}: a NAL unit reaches beyond its sample`);
    nals.push(sample.subarray(at + 4, end));
    at = end;
  }
  return nals;
}
