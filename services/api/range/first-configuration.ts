import { splitAccessUnit } from "../../../shared/codec/h264/access-unit.ts";
import { SpsError } from "../../../shared/codec/h264/sps.ts";
import { type AvcConfiguration, avcConfigurationOf } from "../../../shared/mp4/avc-configuration.ts";
import type { Cut } from "./cut.ts";
import type { OpenMinute } from "./open-minute.ts";
import { mediaPieces } from "./pieces.ts";

/** Parameter sets stand at the beginning of a keyframe. */
const HEAD_BYTES = 64 * 1024;
const MOST_KEYFRAMES = 10;

/**
 * What a decoder must know before the first sample of a cut: the parameter sets that its first keyframes carry in band; else
 * those of the minute's mp4. Undefined when there are none. Later changes need no more: they are in band. Throws the errors
 * of open(2) and read(2).
 */
export async function firstConfiguration(minute: OpenMinute, cut: Cut): Promise<AvcConfiguration | undefined> {
  for (const index of cut.keyframes.subarray(0, MOST_KEYFRAMES)) {
    const found = configurationIn(await headOf(minute, cut.from + index));
    if (found !== undefined) return found;
  }
  return minute.configuration;
}

async function headOf(minute: OpenMinute, sample: number): Promise<Buffer[]> {
  const [piece] = mediaPieces(minute, sample, sample + 1);
  if (piece === undefined) return [];
  const isAnnexB = "offsets" in piece;
  const position = isAnnexB ? (piece.offsets[piece.from] as number) : piece.start;
  const handle = await piece.file.handle();
  const length = Math.min(piece.length, HEAD_BYTES);
  const { bytesRead, buffer } = await handle
    .read(Buffer.allocUnsafe(length), 0, length, position)
    .finally(() => piece.file.closeUnlessKept());
  const head = buffer.subarray(0, bytesRead);
  return isAnnexB ? splitAccessUnit(head) : splitLengths(head);
}

/** The NAL units that are whole, up to one that is none. */
function splitLengths(sample: Buffer): Buffer[] {
  const nals: Buffer[] = [];
  for (let at = 0; at + 4 <= sample.length; ) {
    const end = at + 4 + sample.readUInt32BE(at);
    if (end > sample.length || end === at + 4) break;
    nals.push(sample.subarray(at + 4, end));
    at = end;
  }
  return nals;
}

function configurationIn(nals: Buffer[]): AvcConfiguration | undefined {
  try {
    return avcConfigurationOf(nals);
  } catch (error) {
    if (error instanceof SpsError) return undefined;
    throw error;
  }
}
