import type { Footage } from "../footage/footage.ts";
import { floorMinute, MINUTE_MS } from "../time/minute.ts";
import { drawTimeline, HANDLE_PX, type Scene } from "./draw.ts";
import { type GestureListener, listenToGestures, type Point } from "./gestures.ts";
import { HoverCard } from "./hover-card.ts";
import { laneAt, layOut } from "./layout.ts";
import { type Palette, readPalette } from "./palette.ts";
import { aroundPointer, prefetchOrder } from "./prefetch-order.ts";
import type { MinuteOf, Thumbnails } from "./thumbnails.ts";
import { pan, pinch, timeAt, type Viewport, widthMs, xOf, zoomAt } from "./viewport.ts";

export interface TimelineListener {
  /** A moment of a camera was chosen. */
  onSeek(camera: string, timeMs: number): void;
  onView(view: Viewport): void;
  onMark(which: "in" | "out", timeMs: number): void;
}

const GRIP_PX = 14;
const AROUND_MINUTES = 12;
const SETTLED_MS = 250;
const MOST_PREFETCHED_MS = 26 * 60 * MINUTE_MS;

/** The timeline's canvas and hover card: draws at most once a frame, and only when something is another. */
export class TimelineView implements GestureListener {
  readonly #canvas: HTMLCanvasElement;
  readonly #card: HoverCard;
  readonly #footage: Footage;
  readonly #thumbnails: Thumbnails;
  readonly #listener: TimelineListener;
  readonly #ends: (() => void)[] = [];
  #scene: Scene;
  #palette: Palette;
  #hover: Point | undefined;
  #hoverDirection = 1;
  #pinchStart: Viewport | undefined;
  #frame = 0;
  #settled = 0;

  constructor(
    canvas: HTMLCanvasElement,
    card: HTMLElement,
    footage: Footage,
    thumbnails: Thumbnails,
    view: Viewport,
    listener: TimelineListener,
  ) {
    this.#canvas = canvas;
    this.#card = new HoverCard(card);
    this.#footage = footage;
    this.#thumbnails = thumbnails;
    this.#listener = listener;
    this.#palette = readPalette(canvas);
    this.#scene = {
      view,
      layout: layOut([], true),
      active: "",
      playheadMs: undefined,
      hoverMs: undefined,
      inMs: undefined,
      outMs: undefined,
      nowMs: Date.now(),
    };
    const resized = new ResizeObserver(() => this.#resize());
    resized.observe(canvas);
    const scheme = window.matchMedia("(prefers-color-scheme: dark)");
    const recolour = () => {
      this.#palette = readPalette(canvas);
      this.redraw();
    };
    scheme.addEventListener("change", recolour);
    const clock = window.setInterval(() => this.redraw(), 1000);
    this.#ends.push(
      listenToGestures(canvas, this),
      footage.subscribe(() => this.redraw()),
      thumbnails.subscribe(() => this.redraw()),
      () => resized.disconnect(),
      () => scheme.removeEventListener("change", recolour),
      () => window.clearInterval(clock),
      () => window.cancelAnimationFrame(this.#frame),
      () => window.clearTimeout(this.#settled),
    );
    this.#resize();
  }

  get view(): Viewport {
    return this.#scene.view;
  }

  close(): void {
    for (const end of this.#ends) end();
    this.#card.hide();
  }

  /** Shows other cameras, marks or playhead. */
  update(change: {
    cameras?: readonly string[];
    active?: string;
    playheadMs?: number | undefined;
    inMs?: number | undefined;
    outMs?: number | undefined;
  }): void {
    const { cameras, ...rest } = change;
    Object.assign(this.#scene, rest);
    if (cameras !== undefined) {
      this.#scene.layout = layOut(cameras, window.innerHeight > 700);
      this.#canvas.style.height = `${this.#scene.layout.heightPx}px`;
    }
    this.redraw();
  }

  setView(view: Viewport): void {
    this.#scene.view = { ...view, widthPx: this.#scene.view.widthPx };
    this.#listener.onView(this.#scene.view);
    this.redraw();
  }

  redraw(): void {
    if (this.#frame !== 0) return;
    this.#frame = window.requestAnimationFrame(() => {
      this.#frame = 0;
      this.#draw();
    });
  }

  onHover(point: Point | undefined): void {
    if (point !== undefined && this.#hover !== undefined) {
      this.#hoverDirection = Math.sign(point.xPx - this.#hover.xPx) || this.#hoverDirection;
    }
    this.#hover = point;
    if (point === undefined) this.#canvas.style.cursor = "";
    else
      this.#canvas.style.cursor = { pan: "pointer", scrub: "col-resize", in: "ew-resize", out: "ew-resize" }[
        this.dragKind(point)
      ];
    this.redraw();
  }

  dragKind(point: Point): "pan" | "scrub" | "in" | "out" {
    const { view, inMs, outMs, layout } = this.#scene;
    const reach = point.touch ? GRIP_PX * 1.6 : GRIP_PX;
    if (point.yPx >= layout.rulerPx - 8) {
      for (const [kind, timeMs, side] of [
        ["in", inMs, -1],
        ["out", outMs, 1],
      ] as const) {
        if (timeMs === undefined) continue;
        if (Math.abs(point.xPx - xOf(view, timeMs) - (side * HANDLE_PX) / 2) <= reach / 1.6) return kind;
      }
    }
    return point.yPx < layout.rulerPx ? "scrub" : "pan";
  }

  onPan(deltaPx: number): void {
    this.setView(pan(this.#scene.view, deltaPx));
  }

  onDrag(kind: "scrub" | "in" | "out", point: Point, done: boolean): void {
    const timeMs = timeAt(this.#scene.view, point.xPx);
    this.#hover = done && point.touch ? undefined : point;
    if (kind !== "scrub") this.#listener.onMark(kind, this.#snap(timeMs));
    else if (done) this.#listener.onSeek(this.#scene.active, timeMs);
    this.redraw();
  }

  onTap(point: Point): void {
    const lane = laneAt(this.#scene.layout, point.yPx);
    if (lane !== undefined) this.#listener.onSeek(lane.camera, timeAt(this.#scene.view, point.xPx));
  }

  onZoom(xPx: number, factor: number): void {
    this.setView(zoomAt(this.#scene.view, xPx, factor));
  }

  onPinchStart(): void {
    this.#pinchStart = this.#scene.view;
    this.#hover = undefined;
  }

  onPinch(startPx: readonly [number, number], nowPx: readonly [number, number]): void {
    if (this.#pinchStart !== undefined) this.setView(pinch(this.#pinchStart, startPx, nowPx));
  }

  /** A range is of whole minutes, so its marks stand between two minutes. */
  #snap(timeMs: number): number {
    return Math.round(timeMs / MINUTE_MS) * MINUTE_MS;
  }

  #resize(): void {
    const { clientWidth, clientHeight } = this.#canvas;
    const scale = window.devicePixelRatio;
    this.#canvas.width = Math.round(clientWidth * scale);
    this.#canvas.height = Math.round(clientHeight * scale);
    this.#canvas.getContext("2d")?.setTransform(scale, 0, 0, scale, 0, 0);
    this.#scene.view = { ...this.#scene.view, widthPx: Math.max(1, clientWidth) };
    window.cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    this.#draw();
  }

  #draw(): void {
    const context = this.#canvas.getContext("2d");
    if (context === null) return;
    const scene = this.#scene;
    const hover = this.#hover;
    scene.nowMs = Date.now();
    scene.hoverMs = hover === undefined ? undefined : timeAt(scene.view, hover.xPx);
    const missing = drawTimeline(context, scene, this.#palette, this.#footage, this.#thumbnails);
    if (hover === undefined || scene.hoverMs === undefined) this.#card.hide();
    else {
      const cameras = scene.layout.lanes.map((lane) => lane.camera);
      this.#card.show(cameras, scene.hoverMs, hover.xPx, scene.view.widthPx, this.#footage, this.#thumbnails);
    }
    const around = this.#aroundHover(scene.hoverMs);
    // First what is under the pointer, then what is in sight, then where the pointer may go next.
    this.#thumbnails.want([...around.slice(0, scene.layout.lanes.length), ...missing, ...around]);
    window.clearTimeout(this.#settled);
    this.#settled = window.setTimeout(() => this.#prefetch(), SETTLED_MS);
  }

  #aroundHover(hoverMs: number | undefined): MinuteOf[] {
    if (hoverMs === undefined) return [];
    const middleMs = floorMinute(hoverMs);
    // At a pixel for several minutes the neighbours that the pointer can reach are further apart.
    const strideMs =
      Math.max(1, Math.round(widthMs(this.#scene.view) / MINUTE_MS / this.#scene.view.widthPx)) * MINUTE_MS;
    const minutes: MinuteOf[] = [];
    for (const place of aroundPointer(AROUND_MINUTES, this.#hoverDirection)) {
      const minuteMs = middleMs + place * strideMs;
      for (const { camera } of this.#scene.layout.lanes) {
        if (this.#footage.hasThumbnail(camera, minuteMs) === true) minutes.push({ camera, minuteMs });
      }
    }
    return minutes;
  }

  /** Once the view rests, the pictures of all of it are fetched: coarse first, so that any pointer has one nearby. */
  #prefetch(): void {
    const { view, layout, hoverMs, playheadMs } = this.#scene;
    const middleMs = hoverMs ?? playheadMs ?? view.toMs;
    const fromMs = floorMinute(Math.max(view.fromMs, middleMs - MOST_PREFETCHED_MS));
    const toMs = Math.min(view.toMs, fromMs + MOST_PREFETCHED_MS);
    const order = prefetchOrder(Math.max(0, Math.ceil((toMs - fromMs) / MINUTE_MS)), (middleMs - fromMs) / MINUTE_MS);
    const minutes: MinuteOf[] = [];
    for (const place of order) {
      const minuteMs = fromMs + place * MINUTE_MS;
      for (const { camera } of layout.lanes) {
        if (this.#footage.hasThumbnail(camera, minuteMs) === true) minutes.push({ camera, minuteMs });
      }
    }
    this.#thumbnails.prefetch(minutes);
  }
}
