import { displaySize } from "../../../shared/codec/display-size.ts";
import type { Sps } from "../../../shared/codec/h264/sps.ts";
import type { CameraStatus } from "../../../shared/status/camera-status.ts";

/** What a camera's status tells of its pictures. */
export function pictureOf(
  sps: Sps,
): Required<Pick<CameraStatus, "codec" | "width" | "height" | "displayWidth" | "displayHeight">> {
  const { codec, width, height } = sps;
  const shown = displaySize(sps, sps.pixelAspect);
  return { codec, width, height, displayWidth: shown.width, displayHeight: shown.height };
}

/** `1920x1080`, or where pixels are not square, `704x576 (shown as 1024x576)`. */
export function describeSize(sps: Sps): string {
  const { width, height, displayWidth, displayHeight } = pictureOf(sps);
  const isSquare = displayWidth === width && displayHeight === height;
  return `${width}x${height}${isSquare ? "" : ` (shown as ${displayWidth}x${displayHeight})`}`;
}
