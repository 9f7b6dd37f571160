import type { VideoConfiguration } from "../../../shared/codec/video-codec.ts";
import { displaySizeOf } from "../../../shared/codec/video-configuration.ts";

/** The codec (RFC 6381; the sample entry's type where it is none of ours), and where they are known the sizes in pixels. */
export interface Picture {
  codec: string;
  /** As the pictures are coded. */
  width?: number;
  height?: number;
  /** At which they are shown. */
  displayWidth?: number;
  displayHeight?: number;
}

/** What a decoder's configuration tells of the pictures. */
export function pictureOf(configuration: VideoConfiguration): Picture {
  const { codecString: codec, width, height } = configuration;
  const shown = displaySizeOf(configuration);
  return { codec, width, height, displayWidth: shown.width, displayHeight: shown.height };
}
