import type { VideoConfiguration } from "../../../shared/codec/video-codec.ts";
import { displaySizeOf } from "../../../shared/codec/video-configuration.ts";

/** The codec (RFC 6381; the sample entry's type if the codec is not supported), and the sizes in pixels if known. */
export interface Picture {
  codec: string;
  /** Coded size. */
  width?: number;
  height?: number;
  /** Display size. */
  displayWidth?: number;
  displayHeight?: number;
}

/** What a decoder configuration says about the pictures. */
export function pictureOf(configuration: VideoConfiguration): Picture {
  const { codecString: codec, width, height } = configuration;
  const shown = displaySizeOf(configuration);
  return { codec, width, height, displayWidth: shown.width, displayHeight: shown.height };
}
