/** What the page reads from a fragment of one sample, as shared/mp4/fragment-writer.ts makes them. */
export interface FragmentTimes {
  decodeTimeS: number;
  isKeyframe: boolean;
}

/** Offsets of the fields: before them are moof and mfhd, traf, tfhd, and tfdt and trun with their full box headers. */
const TFDT_TYPE = 52;
const DECODE_TIME = 60;
const SAMPLE_FLAGS = 96;
const MIN_BYTES = 100;
const TFDT = 0x74666474;
const IS_NON_SYNC = 0x10000;

/** Returns undefined when the bytes are not such a fragment. */
export function readFragmentTimes(bytes: ArrayBuffer): FragmentTimes | undefined {
  if (bytes.byteLength < MIN_BYTES) return undefined;
  const view = new DataView(bytes);
  if (view.getUint32(TFDT_TYPE) !== TFDT) return undefined;
  return {
    decodeTimeS: Number(view.getBigUint64(DECODE_TIME)) / 1e6,
    isKeyframe: (view.getUint32(SAMPLE_FLAGS) & IS_NON_SYNC) === 0,
  };
}
