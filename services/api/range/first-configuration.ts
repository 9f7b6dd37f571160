import type { VideoConfiguration } from "../../../shared/codec/video-codec.ts";
import { readNals } from "../../../shared/minute/sample-source.ts";
import type { Cut } from "./cut.ts";
import type { HeldSource, OpenMinute } from "./open-minute.ts";

/** How much of a keyframe is read: parameter sets are at its beginning. */
const HEAD_BYTES = 64 * 1024;
const MAX_KEYFRAMES = 10;

/**
 * The configuration for the first sample of a cut, from the in-band parameter sets of its first keyframes, or else
 * from the minute's mp4. Undefined when there is none. Later changes are not needed here: they are in band. Throws the
 * errors of open(2) and read(2).
 */
export async function firstConfiguration(minute: OpenMinute, cut: Cut): Promise<VideoConfiguration | undefined> {
  for (const keyframe of cut.keyframes.subarray(0, MAX_KEYFRAMES)) {
    const { source, index } = placeOf(minute, cut.from + keyframe);
    const file = await source.held.handle();
    const nals = await readNals({ ...source, file }, index, HEAD_BYTES).finally(() => source.held.closeUnlessKept());
    const found = source.codec.configurationOf(nals);
    if (found !== undefined) return found;
  }
  return minute.configuration;
}

/** The source that holds a sample of a minute, and the sample's index in it. */
function placeOf({ ranges }: OpenMinute, sample: number): { source: HeldSource; index: number } {
  let base = 0;
  for (const { source, from, to } of ranges) {
    if (sample < base + to - from) return { source, index: from + sample - base };
    base += to - from;
  }
  throw new RangeError(`a minute of ${base} samples has no sample ${sample}`);
}
