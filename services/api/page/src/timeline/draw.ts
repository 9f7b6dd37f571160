import type { Span } from "../footage/spans.ts";
import type { TimelineServices } from "../services.ts";
import { formatSeconds, formatShortDate, zoneName } from "../time/format.ts";
import { startOfLocalDay } from "../time/local-day.ts";
import { conditionBars } from "./condition-bars.ts";
import type { ConditionSpans } from "./condition-spans.ts";
import { type Cell, listCells } from "./filmstrip.ts";
import type { Lane, Layout } from "./layout.ts";
import type { Palette } from "./palette.ts";
import type { Picture } from "./picture.ts";
import type { MinuteOf, Thumbnails } from "./thumbnails.ts";
import { listTicks } from "./ticks.ts";
import { type Viewport, xOf } from "./viewport.ts";

/** Everything that a drawing of the timeline shows. */
export interface Scene {
  view: Viewport;
  layout: Layout;
  /** The camera whose lane is playing. */
  active: string;
  playheadMs: number | undefined;
  /** The time under the pointer. */
  hoverMs: number | undefined;
  inMs: number | undefined;
  outMs: number | undefined;
  /** The mark that is being dragged. */
  dragged: "in" | "out" | undefined;
  nowMs: number;
}

type Context = CanvasRenderingContext2D;

const TICK_SPACING_PX = 84;
const CONDITION_PX = 4;
export const HANDLE_PX = 12;

/** Draws a scene; returns the filmstrip cells whose pictures are not loaded yet. */
export function drawTimeline(
  context: Context,
  scene: Scene,
  palette: Palette,
  services: TimelineServices,
): { missing: MinuteOf[] } {
  const { view, layout } = scene;
  const { conditions } = services;
  context.clearRect(0, 0, view.widthPx, layout.heightPx);
  drawRuler(context, scene, palette);
  drawConditions(context, scene, undefined, { y: layout.rulerPx - CONDITION_PX - 1, palette, conditions });
  const missing = layout.lanes.flatMap((lane) => {
    const wanted = drawLane(context, scene, lane, palette, services);
    const y = lane.topPx + lane.heightPx - CONDITION_PX;
    drawConditions(context, scene, lane.camera, { y, palette, conditions });
    return wanted;
  });
  if (scene.hoverMs !== undefined) drawHover(context, scene, scene.hoverMs, palette);
  if (scene.playheadMs !== undefined) drawPlayhead(context, scene, scene.playheadMs, palette);
  drawMarks(context, scene, palette);
  return { missing };
}

/** Draws the conditions of a camera, or (without one) of the system, as a line. */
function drawConditions(
  context: Context,
  { view, nowMs }: Scene,
  camera: string | undefined,
  { y, palette, conditions }: { y: number; palette: Palette; conditions: ConditionSpans },
): void {
  const shown = conditions.between(camera, view.fromMs, view.toMs);
  for (const { severity, fromPx, toPx } of conditionBars(shown, view, nowMs)) {
    context.fillStyle = severity === "error" ? palette.failed : palette.warn;
    context.fillRect(fromPx, y, toPx - fromPx, CONDITION_PX);
  }
}

function drawRuler(context: Context, { view, layout, playheadMs }: Scene, palette: Palette): void {
  context.textBaseline = "middle";
  context.textAlign = "left";
  context.font = `600 12px ${palette.font}`;
  // When no tick names the day, the label at the left edge does.
  const edge =
    startOfLocalDay(view.toMs) <= view.fromMs ? `${formatShortDate(view.fromMs)} ${zoneName(view.fromMs)}` : "";
  const edgePx = edge === "" ? 0 : context.measureText(edge).width + 12;
  const playhead =
    playheadMs === undefined ? undefined : labelBox(context, view, formatSeconds(playheadMs), xOf(view, playheadMs));
  /** Whether a label fits: if it were partly covered, the visible part would be misleading. */
  const isFree = (left: number, right: number) =>
    left >= edgePx &&
    right <= view.widthPx &&
    (playhead === undefined || left > playhead.left + playhead.width || right < playhead.left);
  for (const tick of listTicks(view, TICK_SPACING_PX)) {
    const x = Math.round(xOf(view, tick.timeMs)) + 0.5;
    context.strokeStyle = tick.day ? palette.faint : palette.line;
    context.beginPath();
    context.moveTo(x, tick.day ? 6 : layout.rulerPx - 10);
    context.lineTo(x, tick.day ? layout.heightPx : layout.rulerPx - 2);
    context.stroke();
    context.font = `${tick.day ? 600 : 400} 12px ${palette.font}`;
    context.fillStyle = tick.day ? palette.text : palette.faint;
    if (tick.day || isFree(x, x + 5 + context.measureText(tick.label).width))
      context.fillText(tick.label, x + 5, layout.rulerPx - 15);
  }
  context.font = `600 12px ${palette.font}`;
  context.fillStyle = palette.text;
  context.fillText(edge, 6, layout.rulerPx - 15);
}

function drawLane(
  context: Context,
  scene: Scene,
  lane: Lane,
  palette: Palette,
  { footage, thumbnails, gaps }: TimelineServices,
): MinuteOf[] {
  const { view, nowMs } = scene;
  const { camera, topPx, stripPx, heightPx } = lane;
  context.fillStyle = footage.isKnown(camera, view.fromMs, view.toMs) ? palette.lane : palette.unknown;
  context.fillRect(0, topPx, view.widthPx, heightPx);
  const spans = footage.spans(camera, view.fromMs, view.toMs);
  const colours = {
    ready: palette.ready,
    waiting: palette.waiting,
    recording: palette.recording,
    quarantined: palette.failed,
  };
  // Includes minutes without a file of their own, whose pictures are in the previous one.
  const recorded = gaps.recorded(camera, view.fromMs, view.toMs).map((each) => ({ ...each, state: "ready" as const }));
  for (const span of [...recorded, ...spans]) {
    const x = Math.max(0, xOf(view, span.fromMs));
    const end = xOf(view, Math.min(span.toMs, nowMs));
    context.fillStyle = colours[span.state];
    context.fillRect(x, topPx + stripPx + 1, Math.max(1.5, end - x), heightPx - stripPx - 1);
  }
  const missing = drawStrip(
    context,
    scene,
    lane,
    spans,
    listCells(view, (stripPx * 16) / 9, footage.days(camera)),
    thumbnails,
  );
  // Gaps within minutes. For a minute that cannot be read, they are not known.
  for (const span of spans.filter(({ state }) => state !== "quarantined")) {
    context.fillStyle = palette.lane;
    for (const gap of gaps.between(camera, span.fromMs, span.toMs)) {
      const x = xOf(view, Math.max(span.fromMs, gap.fromMs));
      const end = xOf(view, Math.min(span.toMs, gap.toMs));
      context.fillRect(x, topPx, Math.max(1, end - x), heightPx);
    }
  }
  const nowX = xOf(view, nowMs);
  if (nowX < view.widthPx) {
    context.fillStyle = palette.unknown;
    context.fillRect(Math.max(0, nowX), topPx, view.widthPx - Math.max(0, nowX), heightPx);
  }
  return missing;
}

function drawStrip(
  context: Context,
  { view }: Scene,
  lane: Lane,
  spans: readonly Span[],
  cells: readonly Cell[],
  thumbnails: Thumbnails,
): MinuteOf[] {
  const missing: MinuteOf[] = [];
  context.save();
  context.beginPath();
  for (const span of spans) {
    const x = Math.max(0, xOf(view, span.fromMs));
    context.rect(x, lane.topPx, Math.max(1, Math.min(view.widthPx, xOf(view, span.toMs)) - x), lane.stripPx);
  }
  context.clip();
  for (const cell of cells) {
    const minute = { camera: lane.camera, minuteMs: cell.minuteMs };
    const picture = thumbnails.get(minute);
    if (picture === undefined) missing.push(minute);
    const drawn = picture ?? thumbnails.nearest(minute, Math.round((cell.toMs - cell.fromMs) / 60_000))?.picture;
    const x = xOf(view, cell.fromMs);
    if (drawn !== undefined) drawCovering(context, drawn, x, lane.topPx, xOf(view, cell.toMs) - x, lane.stripPx);
  }
  context.restore();
  return missing;
}

/** Fills the box with the middle of the picture; a box wider than three pictures gets it only once, at its left. */
function drawCovering(context: Context, picture: Picture, x: number, y: number, width: number, height: number): void {
  const shown = Math.min(width, (picture.width / picture.height) * height * 3);
  const scale = Math.max(shown / picture.width, height / picture.height);
  const [cutWidth, cutHeight] = [shown / scale, height / scale];
  const [left, top] = [picture.x + (picture.width - cutWidth) / 2, picture.y + (picture.height - cutHeight) / 2];
  context.drawImage(picture.source, left, top, cutWidth, cutHeight, x, y, shown - 1, height);
}

function drawMarks(context: Context, { view, layout, inMs, outMs, dragged }: Scene, palette: Palette): void {
  const top = layout.rulerPx - 4;
  if (inMs !== undefined && outMs !== undefined) {
    const [from, to] = [Math.min(inMs, outMs), Math.max(inMs, outMs)].map((timeMs) => xOf(view, timeMs)) as [
      number,
      number,
    ];
    context.fillStyle = palette.shade;
    context.fillRect(from, top, to - from, layout.heightPx - top);
  }
  for (const [timeMs, side] of [
    [inMs, -1],
    [outMs, 1],
  ] as const) {
    if (timeMs === undefined) continue;
    const x = xOf(view, timeMs);
    context.fillStyle = palette.mark;
    context.fillRect(x - 1, top, 2, layout.heightPx - top);
    context.beginPath();
    context.roundRect(side < 0 ? x - HANDLE_PX : x, top, HANDLE_PX, 26, side < 0 ? [5, 0, 0, 5] : [0, 5, 5, 0]);
    context.fill();
    context.fillStyle = palette.onPlayhead;
    for (const offset of [4, 7]) context.fillRect(x + side * offset - 0.5, top + 8, 1, 10);
    if (dragged === (side < 0 ? "in" : "out"))
      drawLabel(context, view, formatSeconds(timeMs), x, palette.mark, palette);
  }
}

/** Draws a time in a box on the ruler, above a pixel. */
function drawLabel(context: Context, view: Viewport, label: string, x: number, colour: string, palette: Palette): void {
  context.font = `600 12px ${palette.font}`;
  const { left, width } = labelBox(context, view, label, x);
  context.fillStyle = colour;
  context.beginPath();
  context.roundRect(left, 2, width, 20, 6);
  context.fill();
  context.fillStyle = palette.onPlayhead;
  context.textAlign = "left";
  context.fillText(label, left + 6, 12.5);
}

/** The place of the box of a label above a pixel, kept inside the view. */
function labelBox(context: Context, view: Viewport, label: string, x: number): { left: number; width: number } {
  const width = context.measureText(label).width + 12;
  return { left: Math.min(view.widthPx - width, Math.max(0, x - width / 2)), width };
}

function drawHover(context: Context, { view, layout }: Scene, hoverMs: number, palette: Palette): void {
  context.fillStyle = palette.text;
  context.fillRect(Math.round(xOf(view, hoverMs)), layout.rulerPx - 6, 1, layout.heightPx - layout.rulerPx + 6);
}

function drawPlayhead(context: Context, { view, layout }: Scene, playheadMs: number, palette: Palette): void {
  const x = xOf(view, playheadMs);
  if (x < -60 || x > view.widthPx + 60) return;
  context.fillStyle = palette.playhead;
  context.fillRect(Math.round(x) - 1, 18, 2, layout.heightPx - 18);
  drawLabel(context, view, formatSeconds(playheadMs), x, palette.playhead, palette);
}
