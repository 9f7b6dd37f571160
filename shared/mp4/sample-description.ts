import type { PixelAspect } from "../codec/display-size.ts";
import type { Colour } from "../codec/h264/vui.ts";
import { type AvcConfiguration, pictureFormatOf } from "./avc-configuration.ts";
import { box, fullBox, uint16, uint32 } from "./box.ts";

/**
 * `stsd` with `avc1` (ISO/IEC 14496-15 §5.4.2): parameter sets here, and in band as well, as the camera sent them. The shape of
 * the pixels and the colours stand beside them where they are not what a player assumes (ISO/IEC 14496-12 §12.1.4, §12.1.5).
 */
export function sampleDescriptionBox(configuration: AvcConfiguration): Buffer {
  const { avcC, width, height } = configuration;
  const { pixelAspect, colour } = pictureFormatOf(configuration);
  const entry = box(
    "avc1",
    uint16(0, 0, 0, 1), // reserved, data_reference_index
    uint32(0, 0, 0, 0),
    uint16(width, height),
    uint32(0x48_0000, 0x48_0000, 0), // 72 dpi
    uint16(1), // frame_count
    Buffer.alloc(32), // compressorname
    uint16(0x18, 0xffff),
    box("avcC", avcC),
    ...(colour === undefined ? [] : [colourBox(colour)]),
    ...(pixelAspect === undefined ? [] : [pixelAspectBox(pixelAspect)]),
  );
  return fullBox("stsd", 0, 0, uint32(1), entry);
}

function colourBox({ primaries, transfer, matrix, isFullRange }: Colour): Buffer {
  return box("colr", Buffer.from("nclx"), uint16(primaries, transfer, matrix), Buffer.from([isFullRange ? 0x80 : 0]));
}

function pixelAspectBox({ horizontal, vertical }: PixelAspect): Buffer {
  return box("pasp", uint32(horizontal, vertical));
}
