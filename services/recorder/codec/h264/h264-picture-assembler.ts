import { isVcl, NalType } from "../../../../shared/codec/h264/nal.ts";
import { parseSps, SpsError } from "../../../../shared/codec/h264/sps.ts";
import { START_CODE } from "../../../../shared/codec/nal-units.ts";
import type { AccessUnitBuffer } from "../../rtp/access-unit-buffer.ts";
import type { RtpPacket } from "../../rtp/packet.ts";
import type { PictureDescription } from "../depacketizer.ts";
import type { PictureAssembler } from "../picture-depacketizer.ts";
import { NalAssembler } from "./nal-assembler.ts";
import type { ParameterSets } from "./parameter-sets.ts";
import { continuesPicture, opensPicture } from "./picture-start.ts";

/** payloadType of the recovery point SEI message: decoding may begin there without an IDR picture (§D.1.8). */
const RECOVERY_POINT = 6;
/** Fewer bad packets than this are reported only by the count of damaged frames. */
const MANY_BAD_PACKETS = 100;

/** Assembles one H.264 picture after the other, and makes sure that each keyframe has its parameter sets. */
export class H264PictureAssembler implements PictureAssembler {
  readonly #buffer: AccessUnitBuffer;
  readonly #parameterSets: ParameterSets;
  readonly #nals: NalAssembler;
  #slices = 0;
  #hasIdr = false;
  #hasSps = false;
  #hasPps = false;
  /**
   * Length of a leading access unit delimiter with its start code: parameter sets are inserted after it (§7.4.1.2.3).
   */
  #delimiterBytes = 0;
  #recoveryPoints = 0;
  #description: PictureDescription | undefined;
  #describedVersion = -1;

  constructor(buffer: AccessUnitBuffer, parameterSets: ParameterSets) {
    this.#buffer = buffer;
    this.#parameterSets = parameterSets;
    this.#nals = new NalAssembler(buffer, (type, start, bytes) => this.#nal(type, start, bytes));
  }

  get slices(): number {
    return this.#slices;
  }

  get isKeyframe(): boolean {
    return this.#hasIdr;
  }

  get isDamaged(): boolean {
    return this.#nals.isDamaged;
  }

  get badPackets(): number {
    return this.#nals.badPackets;
  }

  get interleavedPackets(): number {
    return this.#nals.interleavedPackets;
  }

  /** Number of recovery point SEI messages: a camera that sends them may send no IDR pictures. */
  get recoveryPoints(): number {
    return this.#recoveryPoints;
  }

  get hasRecoveryPoints(): boolean {
    return this.#recoveryPoints > 0;
  }

  get description(): PictureDescription | undefined {
    if (this.#describedVersion !== this.#parameterSets.version) {
      this.#describedVersion = this.#parameterSets.version;
      this.#description = describe(this.#parameterSets.sequence.at(-1));
    }
    return this.#description;
  }

  get problem(): string | undefined {
    if (this.interleavedPackets > 0) {
      return "it sends H.264 in interleaved mode (STAP-B, MTAP, FU-B), whose frames are left out: set packetization mode 1, or choose another of its streams";
    }
    if (this.badPackets < MANY_BAD_PACKETS) return undefined;
    return `${MANY_BAD_PACKETS} packets were none that RFC 6184 allows, and their frames were left out: update its firmware`;
  }

  opensPicture(bytes: Buffer, packet: RtpPacket): boolean {
    return opensPicture(bytes, packet);
  }

  continuesPicture(bytes: Buffer, packet: RtpPacket): boolean {
    return continuesPicture(bytes, packet);
  }

  begin(): void {
    this.#slices = 0;
    this.#hasIdr = this.#hasSps = this.#hasPps = false;
    this.#delimiterBytes = 0;
    this.#nals.begin();
  }

  lost(): void {
    this.#nals.lost();
  }

  take(bytes: Buffer, start: number, end: number): void {
    this.#nals.take(bytes, start, end);
  }

  end(): void {
    this.#nals.end();
  }

  /** Inserts the parameter sets into a keyframe that came without them. */
  complete(): boolean {
    if (!this.#hasIdr || (this.#hasSps && this.#hasPps)) return true;
    const { sequence, picture } = this.#parameterSets;
    if (sequence.length === 0 || picture.length === 0) return false;
    this.#hasSps = this.#hasPps = true;
    return this.#buffer.insertNals(this.#delimiterBytes, [...sequence, ...picture]);
  }

  #nal(type: number, start: number, bytes: number): void {
    if (isVcl(type)) {
      if (this.#slices++ === 0) this.#hasIdr = type === NalType.idrSlice; // by the same rule as readers of the chunk
    } else if (type === NalType.sps || type === NalType.pps) {
      if (type === NalType.sps) this.#hasSps = true;
      else this.#hasPps = true;
      this.#parameterSets.take(this.#buffer.current(start + START_CODE.length));
    } else if (type === NalType.sei) {
      if (this.#buffer.current(start + START_CODE.length)[1] === RECOVERY_POINT) this.#recoveryPoints++;
    } else if (type === NalType.accessUnitDelimiter && start === 0) {
      this.#delimiterBytes = bytes;
    }
  }
}

/** The description in a sequence parameter set; undefined when it cannot be read. */
function describe(sps: Buffer | undefined): PictureDescription | undefined {
  try {
    return sps === undefined ? undefined : parseSps(sps);
  } catch (error) {
    if (error instanceof SpsError) return undefined;
    throw error;
  }
}
