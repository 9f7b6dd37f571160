import { splitAccessUnit } from "../../shared/h264/access-unit.ts";
import { SpsError } from "../../shared/h264/sps.ts";
import type { MinutePlan } from "../../shared/minute/minute-plan.ts";
import type { SampleSource } from "../../shared/minute/sample-source.ts";
import { type AvcConfiguration, avcConfigurationOf } from "../../shared/mp4/avc-configuration.ts";
import { uint32 } from "../../shared/mp4/box.ts";
import type { Keyframe } from "../../shared/pictures/frame-grabber.ts";
import type { PreviewBatcher } from "./preview-batcher.ts";
import { readSample } from "./sample-copy.ts";

/** Keyframes that are tried before a minute counts as one that nobody can decode. */
const MAX_TRIES = 10;

/** The keyframes of a planned minute, read one at a time, with the parameter sets that they carry or go by. */
export async function* keyframesOf(plan: MinutePlan): AsyncGenerator<Keyframe> {
  let configuration: AvcConfiguration | undefined;
  for await (const nals of keyframeNals(plan)) {
    configuration = configurationIn(nals) ?? configuration;
    if (configuration === undefined) continue;
    yield { sample: Buffer.concat(nals.flatMap((nal) => [uint32(nal.length), nal])), configuration };
  }
}

/**
 * The picture for a minute's preview: that of its first keyframe; if it cannot be decoded, of one of the next; if none of
 * them can, of the first with the damage concealed. Undefined when nothing at all comes out. Throws what the batcher does.
 */
export async function firstPicture(plan: MinutePlan, previews: PreviewBatcher): Promise<Buffer | undefined> {
  let first: Keyframe | undefined;
  let tries = 0;
  for await (const keyframe of keyframesOf(plan)) {
    first ??= keyframe;
    const picture = await previews.grab(keyframe);
    if (picture !== undefined) return picture;
    if (++tries === MAX_TRIES) break;
  }
  return first === undefined ? undefined : await previews.grabDamaged(first);
}

async function* keyframeNals(plan: MinutePlan): AsyncGenerator<Buffer[]> {
  const { keyframes } = plan.movie;
  let at = 0;
  let base = 0;
  for (const { source, from, to } of plan.ranges) {
    for (; at < keyframes.length && (keyframes[at] as number) < base + to - from; at++) {
      const sample = await readSample(source, from + (keyframes[at] as number) - base);
      yield source.isAnnexB ? splitAccessUnit(sample) : splitLengths(sample, source);
    }
    base += to - from;
  }
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
