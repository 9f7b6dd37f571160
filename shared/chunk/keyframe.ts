import { isVcl, NalType, nalType } from "../h264/nal.ts";

const SHORT_START_CODE = Buffer.from([0, 0, 1]);

/**
 * Whether an access unit holds an IDR picture, told from its first bytes: the first NAL unit that carries picture data
 * decides, since all slices of a picture are of one kind (ITU-T H.264 §7.4.1.2.4). What may stand before it (delimiter,
 * parameter sets, SEI) is passed over. Returns undefined when `head` ends before that NAL unit, and "not Annex B" when
 * the bytes do not begin with a start code.
 */
export function holdsIdrPicture(head: Buffer): boolean | undefined | "not Annex B" {
  let at = startCodeLength(head);
  if (at === 0) return "not Annex B";
  while (at < head.length) {
    const type = nalType(head[at] as number);
    if (isVcl(type)) return type === NalType.idrSlice;
    const next = head.indexOf(SHORT_START_CODE, at);
    if (next === -1) return undefined;
    at = next + SHORT_START_CODE.length;
  }
  return undefined;
}

function startCodeLength(head: Buffer): number {
  if (head.length < 3 || head[0] !== 0 || head[1] !== 0) return 0;
  if (head[2] === 1) return 3;
  return head[2] === 0 && head[3] === 1 ? 4 : 0;
}
