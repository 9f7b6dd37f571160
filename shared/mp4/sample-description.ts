import type { PixelAspect } from "../codec/display-size.ts";
import type { Colour } from "../codec/picture-format.ts";
import type { VideoConfiguration } from "../codec/video-codec.ts";
import { pictureFormatOf } from "../codec/video-configuration.ts";
import { box, fullBox, uint16, uint32 } from "./box.ts";
import type { AudioTrack, VideoTrack } from "./track.ts";

/** A track without its samples. */
export type TrackDescription = Pick<VideoTrack, "kind" | "configuration"> | Pick<AudioTrack, "kind" | "sampleEntry">;

/** `stsd` with one sample entry. */
export function sampleDescriptionBox(track: TrackDescription): Buffer {
  return fullBox("stsd", 0, 0, uint32(1), track.kind === "video" ? videoEntry(track.configuration) : track.sampleEntry);
}

/**
 * The sample entry of a video track (ISO/IEC 14496-12 §12.1.3, ISO/IEC 14496-15 §5.4.2). The parameter sets are in it
 * and also in band, as the camera sent them. The shape of the pixels and the colours are added where they differ from
 * what a player assumes (ISO/IEC 14496-12 §12.1.4, §12.1.5).
 */
function videoEntry(configuration: VideoConfiguration): Buffer {
  const { codec, boxContent, width, height } = configuration;
  const { pixelAspect, colour } = pictureFormatOf(configuration);
  return box(
    codec.sampleEntryType,
    uint16(0, 0, 0, 1), // reserved, data_reference_index
    uint32(0, 0, 0, 0),
    uint16(width, height),
    uint32(0x48_0000, 0x48_0000, 0), // 72 dpi
    uint16(1), // frame_count
    Buffer.alloc(32), // compressorname
    uint16(0x18, 0xffff),
    box(codec.configurationBoxType, boxContent),
    ...(colour === undefined ? [] : [colourBox(colour)]),
    ...(pixelAspect === undefined ? [] : [pixelAspectBox(pixelAspect)]),
  );
}

function colourBox({ primaries, transfer, matrix, isFullRange }: Colour): Buffer {
  return box("colr", Buffer.from("nclx"), uint16(primaries, transfer, matrix), Buffer.from([isFullRange ? 0x80 : 0]));
}

function pixelAspectBox({ horizontal, vertical }: PixelAspect): Buffer {
  return box("pasp", uint32(horizontal, vertical));
}
