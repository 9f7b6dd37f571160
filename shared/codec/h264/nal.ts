/** NAL unit types of H.264 that this system distinguishes (ITU-T H.264 table 7-1). */
export const NalType = {
  slice: 1,
  partitionA: 2,
  idrSlice: 5,
  sei: 6,
  sps: 7,
  pps: 8,
  accessUnitDelimiter: 9,
} as const;

/** The type of a NAL unit, from its first byte (ITU-T H.264 §7.3.1). */
export function nalType(firstByte: number): number {
  return firstByte & 0x1f;
}

/** Whether a NAL unit type carries coded picture data (VCL, types 1 to 5). */
export function isVcl(type: number): boolean {
  return type >= 1 && type <= 5;
}
