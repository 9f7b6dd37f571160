import { BitReader } from "../../../../shared/codec/bit-reader.ts";
import { NalType, nalType } from "../../../../shared/codec/h264/nal.ts";
import { removeEmulationPrevention } from "../../../../shared/codec/nal-units.ts";

/** Length of the start of a parameter set from which its id can be read. */
const ID_BYTES = 16;
/** Real parameter sets have less than 500 bytes; longer ones, from a hostile camera, would fill the memory. */
const MAX_SET_BYTES = 4096;
/** seq_parameter_set_id and pic_parameter_set_id (§7.4.2.1.1, §7.4.2.2). */
const MAX_SPS_ID = 31;
const MAX_PPS_ID = 255;

/** The active parameter sets: those of the SDP until others come in band (ITU-T H.264 §7.4.1.2.1). */
export class ParameterSets {
  readonly #sps = new Map<number, Buffer>();
  readonly #pps = new Map<number, Buffer>();
  #version = 0;

  constructor(nals: Iterable<Buffer> = []) {
    for (const nal of nals) this.take(nal);
  }

  /** The number of changes so far. */
  get version(): number {
    return this.#version;
  }

  /** The sequence parameter sets, the newest last. */
  get sequence(): readonly Buffer[] {
    return [...this.#sps.values()];
  }

  /** The picture parameter sets, the newest last. */
  get picture(): readonly Buffer[] {
    return [...this.#pps.values()];
  }

  /** Keeps a copy of an SPS or PPS when it is new or differs from the one with the same id; ignores other NAL units. */
  take(bytes: Buffer): void {
    const nal = withoutTrailingZeros(bytes);
    const type = nalType(nal[0] ?? 0);
    if (type !== NalType.sps && type !== NalType.pps) return;
    const id = nal.length > MAX_SET_BYTES ? undefined : parameterSetId(nal, type === NalType.sps ? 4 : 1);
    if (id === undefined || id > (type === NalType.sps ? MAX_SPS_ID : MAX_PPS_ID)) return;
    const sets = type === NalType.sps ? this.#sps : this.#pps;
    if (sets.get(id)?.equals(nal) === true) return;
    sets.delete(id); // to the end of the order
    sets.set(id, Buffer.from(nal));
    this.#version++;
  }
}

/** No NAL unit ends with a zero byte (§7.4.1), but some SDPs and cameras add the first of the next start code. */
function withoutTrailingZeros(bytes: Buffer): Buffer {
  let end = bytes.length;
  while (end > 1 && bytes[end - 1] === 0) end--;
  return bytes.subarray(0, end);
}

/** The ue(v) id that begins `offset` bytes into the NAL unit, or undefined when the set is damaged. */
function parameterSetId(nal: Buffer, offset: number): number | undefined {
  try {
    return new BitReader(removeEmulationPrevention(nal.subarray(0, ID_BYTES)).subarray(offset)).unsignedExpGolomb();
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
