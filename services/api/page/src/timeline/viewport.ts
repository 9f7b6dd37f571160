import { HOUR_MS, MINUTE_MS, UTC_DAY_MS } from "../time/minute.ts";

/** What the timeline shows: a period, ms since the Unix epoch, across a width in pixels. */
export interface Viewport {
  fromMs: number;
  toMs: number;
  widthPx: number;
}

export const NARROWEST_MS = MINUTE_MS;
export const WIDEST_MS = 31 * UTC_DAY_MS;

/** The widths that the zoom buttons offer. A day is 24 hours here; Viewing.showDay shows a longer local day whole. */
export const ZOOM_STEPS_MS: readonly number[] = [
  MINUTE_MS,
  5 * MINUTE_MS,
  15 * MINUTE_MS,
  HOUR_MS,
  3 * HOUR_MS,
  6 * HOUR_MS,
  12 * HOUR_MS,
  UTC_DAY_MS,
  3 * UTC_DAY_MS,
  7 * UTC_DAY_MS,
  WIDEST_MS,
];

export function widthMs(view: Viewport): number {
  return view.toMs - view.fromMs;
}

export function xOf(view: Viewport, timeMs: number): number {
  return ((timeMs - view.fromMs) / widthMs(view)) * view.widthPx;
}

export function timeAt(view: Viewport, xPx: number): number {
  return view.fromMs + (xPx / view.widthPx) * widthMs(view);
}

/** Moves a view by pixels: what was under the pointer stays under it. */
export function pan(view: Viewport, deltaPx: number): Viewport {
  return shift(view, (-deltaPx / view.widthPx) * widthMs(view));
}

export function shift(view: Viewport, deltaMs: number): Viewport {
  return { ...view, fromMs: view.fromMs + deltaMs, toMs: view.toMs + deltaMs };
}

/** Zooms a view by a factor (above 1: shows more time) around a pixel, whose time stays the same. */
export function zoomAt(view: Viewport, xPx: number, factor: number): Viewport {
  return zoomTo(view, xPx, widthMs(view) * factor);
}

/** Zooms a view to a width in ms, limited to between a minute and a month, around a pixel. */
export function zoomTo(view: Viewport, xPx: number, width: number): Viewport {
  const wanted = clampWidth(width);
  const anchorMs = timeAt(view, xPx);
  const fromMs = anchorMs - (xPx / view.widthPx) * wanted;
  return { ...view, fromMs, toMs: fromMs + wanted };
}

/** Moves a view back so that it does not extend beyond `lastMs`, as far as its width allows. */
export function withoutFuture(view: Viewport, lastMs: number): Viewport {
  return view.toMs > lastMs ? shift(view, lastMs - view.toMs) : view;
}

/** Two fingers: the times that were first under them stay under them, as far as the zoom limits allow. */
export function pinch(start: Viewport, startPx: readonly [number, number], nowPx: readonly [number, number]): Viewport {
  const startDistance = Math.max(8, Math.abs(startPx[1] - startPx[0]));
  const nowDistance = Math.max(8, Math.abs(nowPx[1] - nowPx[0]));
  const startMiddle = (startPx[0] + startPx[1]) / 2;
  const nowMiddle = (nowPx[0] + nowPx[1]) / 2;
  return pan(zoomAt(start, startMiddle, startDistance / nowDistance), nowMiddle - startMiddle);
}

/** The next wider (direction 1) or narrower (-1) zoom step. */
export function zoomStep(width: number, direction: 1 | -1): number {
  const steps = direction === 1 ? ZOOM_STEPS_MS : [...ZOOM_STEPS_MS].reverse();
  const next = steps.find((step) => (direction === 1 ? step > width * 1.01 : step < width * 0.99));
  return next ?? clampWidth(width);
}

/** A view that contains the time, moved as little as possible and with some room beside it. */
export function reveal(view: Viewport, timeMs: number): Viewport {
  const margin = widthMs(view) * 0.08;
  if (timeMs < view.fromMs + margin || timeMs > view.toMs - margin) {
    const inside = timeMs >= view.fromMs && timeMs <= view.toMs;
    const target = inside
      ? timeMs < view.fromMs + margin
        ? timeMs - margin
        : timeMs + margin - widthMs(view)
      : timeMs - widthMs(view) / 2;
    return { ...view, fromMs: target, toMs: target + widthMs(view) };
  }
  return view;
}

export function clampWidth(width: number): number {
  return Math.min(WIDEST_MS, Math.max(NARROWEST_MS, width));
}
