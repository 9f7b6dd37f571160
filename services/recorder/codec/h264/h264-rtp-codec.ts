import { H264 } from "../../../../shared/codec/h264/h264.ts";
import { NalType, nalType } from "../../../../shared/codec/h264/nal.ts";
import { START_CODE } from "../../../../shared/codec/nal-units.ts";
import { CameraRefusedError } from "../../errors/camera-error.ts";
import type { AccessUnitBuffer } from "../../rtp/access-unit-buffer.ts";
import type { AccessUnitHandler, Depacketizer } from "../depacketizer.ts";
import { PictureDepacketizer } from "../picture-depacketizer.ts";
import type { RtpCodec, RtpFormat } from "../rtp-codec.ts";
import { H264PictureAssembler } from "./h264-picture-assembler.ts";
import { ParameterSets } from "./parameter-sets.ts";

const INTERLEAVED_MODE = "2";

/** H.264 as session descriptions name it (RFC 6184 §8). */
export const h264RtpCodec: RtpCodec = {
  encodingName: "H264",
  codec: H264,
  isImpliedBy: (fmtp) => /sprop-parameter-sets|packetization-mode/i.test(fmtp),
  format(parameters) {
    if (parameters.get("packetization-mode") === INTERLEAVED_MODE) {
      throw new CameraRefusedError(
        "the camera sends H.264 in interleaved mode (packetization-mode 2), which no recorder here understands",
        "choose another stream or profile of the camera",
      );
    }
    return new H264Format(decodeParameterSets(parameters.get("sprop-parameter-sets")));
  },
};

/** What a session description says about an H.264 track. */
export class H264Format implements RtpFormat {
  /** "The RTP timestamp clock frequency is 90 kHz" (RFC 6184 §5.1), whatever a camera's `a=rtpmap` says. */
  readonly clockRate = 90_000;
  readonly codec = H264;
  /** SPS and PPS NAL units of `sprop-parameter-sets` (RFC 6184 §8.1); empty when the camera sends them in band only. */
  readonly parameterSets: readonly Buffer[];

  constructor(parameterSets: readonly Buffer[]) {
    this.parameterSets = parameterSets;
  }

  depacketizer(buffer: AccessUnitBuffer, handler: AccessUnitHandler): Depacketizer {
    const assembler = new H264PictureAssembler(buffer, new ParameterSets(this.parameterSets));
    return new PictureDepacketizer(buffer, assembler, handler);
  }
}

/**
 * Some cameras put an Annex B start code before each set (moonfire-nvr #213), some send something that is not a
 * parameter set (VStarcam, retina #42): then those in the stream are used.
 */
function decodeParameterSets(value: string | undefined): Buffer[] {
  return (value ?? "")
    .split(",")
    .map((set) => Buffer.from(set, "base64"))
    .map((set) => (set.subarray(0, START_CODE.length).equals(START_CODE) ? set.subarray(START_CODE.length) : set))
    .filter((nal) => nal.length > 1 && isParameterSet(nalType(nal[0] as number)));
}

function isParameterSet(type: number): boolean {
  return type === NalType.sps || type === NalType.pps;
}
