import { nalAt, startCodeLengthAt } from "../codec/h264/access-unit.ts";
import { isVcl, NalType, nalType } from "../codec/h264/nal.ts";

/**
 * Whether an access unit is a keyframe, told as the recorder tells it: by the first NAL unit that carries picture data, since
 * all slices of a picture are of one kind (ITU-T H.264 §7.4.1.2.4). Behind an SEI of which only a guess tells where it ends, by
 * the last one, and if both kinds of parameter sets came, as they do in each keyframe of a recorder.
 *
 * `head` is the beginning of the access unit, or all of it (`isWhole`). Returns undefined when more of it is needed to tell, and
 * "not Annex B" when it does not begin with a start code.
 */
export function holdsIdrPicture(head: Buffer, isWhole: boolean): boolean | undefined | "not Annex B" {
  const first = startCodeLengthAt(head, 0);
  if (first === 0) return "not Annex B";
  const seen = new Set<number>();
  let isGuess = false;
  let isIdr = false;
  for (let at: number = first; at < head.length; ) {
    const type = nalType(head[at] as number);
    if (isVcl(type)) isIdr = type === NalType.idrSlice;
    if (isVcl(type) && !isGuess) return isIdr;
    const nal = nalAt(head, at, isWhole);
    if (nal === undefined) return undefined;
    isGuess ||= nal.isGuess;
    seen.add(type);
    at = nal.next;
  }
  return isWhole ? isIdr && seen.has(NalType.sps) && seen.has(NalType.pps) : undefined;
}
