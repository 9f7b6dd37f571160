import { START_CODE } from "../nal-units.ts";
import type { RandomAccess } from "../video-codec.ts";
import { nalAt, startCodeLengthAt } from "./access-unit.ts";
import { isVcl, NalType, nalType } from "./nal.ts";

/**
 * How an access unit can be begun at, told as the recorder tells it: by the first NAL unit that carries picture data, since
 * all slices of a picture are of one kind (ITU-T H.264 §7.4.1.2.4): an IDR picture or none. Behind an SEI of which only a guess
 * tells where it ends, by the last one, and if both kinds of parameter sets came, as they do in each keyframe of a recorder.
 * As `VideoCodec.randomAccessOf`.
 */
export function randomAccessOf(head: Buffer, isWhole: boolean): RandomAccess | "not Annex B" | undefined {
  if (startCodeLengthAt(head, 0) !== START_CODE.length) return "not Annex B";
  const seen = new Set<number>();
  let isGuess = false;
  let isIdr = false;
  for (let at = START_CODE.length; at < head.length; ) {
    const type = nalType(head[at] as number);
    if (isVcl(type)) isIdr = type === NalType.idrSlice;
    if (isVcl(type) && !isGuess) return isIdr ? "clean" : "none";
    const nal = nalAt(head, at, isWhole);
    if (nal === undefined) return undefined;
    isGuess ||= nal.isGuess;
    seen.add(type);
    at = nal.next;
  }
  if (!isWhole) return undefined;
  return isIdr && seen.has(NalType.sps) && seen.has(NalType.pps) ? "clean" : "none";
}

/** As `VideoCodec.randomAccessOfNals`. */
export function randomAccessOfNals(nals: readonly Buffer[]): RandomAccess {
  return nals.some((nal) => nalType(nal[0] ?? 0) === NalType.idrSlice) ? "clean" : "none";
}
