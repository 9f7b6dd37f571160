import type { Size } from "../display-size.ts";
import { holdsStartCode } from "./access-unit.ts";
import { NalType, nalType } from "./nal.ts";
import { parseSps, SpsError } from "./sps.ts";

/** As `VideoCodec.codedSizesIn`. */
export function* codedSizesIn(nals: Iterable<Buffer>): Generator<Size> {
  for (const nal of nals) {
    if (nalType(nal[0] ?? 0) !== NalType.sps) continue;
    const size = codedSizeOf(nal);
    if (size !== undefined) yield size;
  }
}

/** As `VideoCodec.isOpaqueSei`. */
export function isOpaqueSei(nal: Buffer): boolean {
  return nalType(nal[0] ?? 0) === NalType.sei && holdsStartCode(nal);
}

function codedSizeOf(sps: Buffer): Size | undefined {
  try {
    const { codedWidth, codedHeight } = parseSps(sps);
    return { width: codedWidth, height: codedHeight };
  } catch (error) {
    if (error instanceof SpsError) return undefined;
    throw error;
  }
}
