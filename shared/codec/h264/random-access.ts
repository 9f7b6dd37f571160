import { START_CODE } from "../nal-units.ts";
import type { RandomAccess } from "../video-codec.ts";
import { nalAt, startCodeLengthAt } from "./access-unit.ts";
import { isVcl, NalType, nalType } from "./nal.ts";

/**
 * The random access type, found as the recorder finds it: from the first NAL unit with picture data, since all slices
 * of an IDR picture, and of no other, are IDR slices (ITU-T H.264 §7.4.1.2.4). Behind an SEI whose end is a guess, the
 * last such NAL unit decides, and both kinds of parameter sets must have come, as they do in each keyframe of a
 * recorder. As `VideoCodec.randomAccessOf`.
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
