import { displaySize } from "../../../shared/codec/display-size.ts";
import type { CameraStatus } from "../../../shared/status/camera-status.ts";
import type { PictureDescription } from "../codec/depacketizer.ts";

/** What a camera's status says about its pictures. */
export function pictureOf(
  picture: PictureDescription,
): Required<Pick<CameraStatus, "codec" | "width" | "height" | "displayWidth" | "displayHeight">> {
  const { codec, width, height } = picture;
  const shown = displaySize(picture, picture.pixelAspect);
  return { codec, width, height, displayWidth: shown.width, displayHeight: shown.height };
}

/** `1920x1080`, or `704x576 (shown as 1024x576)` where pixels are not square. */
export function describeSize(picture: PictureDescription): string {
  const { width, height, displayWidth, displayHeight } = pictureOf(picture);
  const isSquare = displayWidth === width && displayHeight === height;
  return `${width}x${height}${isSquare ? "" : ` (shown as ${displayWidth}x${displayHeight})`}`;
}
