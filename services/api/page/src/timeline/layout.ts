/** The positions on the timeline's canvas, in CSS pixels from its top. */
export interface Layout {
  rulerPx: number;
  lanes: readonly Lane[];
  heightPx: number;
}

export interface Lane {
  camera: string;
  topPx: number;
  heightPx: number;
  /** The height of the strip of pictures; below it is the bar that shows what was recorded. */
  stripPx: number;
}

export const RULER_PX = 34;
const BAR_PX = 7;
const GAP_PX = 8;

/** Lanes one below the other; the more there are, the lower each is. */
export function layOut(cameras: readonly string[], roomy: boolean): Layout {
  const stripPx = cameras.length === 1 ? (roomy ? 76 : 60) : cameras.length <= 3 ? (roomy ? 54 : 44) : 36;
  const laneHeight = stripPx + BAR_PX;
  const lanes = cameras.map((camera, index) => ({
    camera,
    topPx: RULER_PX + index * (laneHeight + GAP_PX),
    heightPx: laneHeight,
    stripPx,
  }));
  return { rulerPx: RULER_PX, lanes, heightPx: RULER_PX + cameras.length * (laneHeight + GAP_PX) };
}

/** The lane at a vertical position; the nearest one when that is outside all lanes. */
export function laneAt(layout: Layout, yPx: number): Lane | undefined {
  return layout.lanes.find((lane) => yPx < lane.topPx + lane.heightPx + GAP_PX) ?? layout.lanes.at(-1);
}
