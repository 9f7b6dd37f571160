import type { TimelineServices } from "../services.ts";
import { floorMinute, MINUTE_MS, SECOND_MS } from "../time/minute.ts";
import { drawTimeline, HANDLE_PX, type Scene } from "./draw.ts";
import { type GestureListener, listenToGestures, type Point } from "./gestures.ts";
import { HoverCard } from "./hover-card.ts";
import { laneAt, layOut } from "./layout.ts";
import { type Palette, readPalette } from "./palette.ts";
import { aroundPointer, prefetchOrder } from "./prefetch-order.ts";
import type { MinuteOf } from "./thumbnails.ts";
import { pan, pinch, timeAt, type Viewport, widthMs, xOf, zoomAt } from "./viewport.ts";

export interface TimelineListener {
  /** The viewer chose a moment of a camera. */
  onSeek(camera: string, timeMs: number): void;
  onView(view: Viewport): void;
  /** A mark is dragged to a time; `done` when it is released. */
  onMark(which: "in" | "out", timeMs: number, done: boolean): void;
}

/** The elements that the timeline positions over its canvas. */
export interface TimelineElements {
  canvas: HTMLCanvasElement;
  card: HTMLElement;
  in: HTMLElement;
  out: HTMLElement;
}

const SNAPS_MS: readonly number[] = [1, 5, 10, 30, 60].map((seconds) => seconds * SECOND_MS);
const GRIP_PX = 14;
const AROUND_MINUTES = 12;
const SETTLED_MS = 250;
const MAX_PREFETCHED_MS = 26 * 60 * MINUTE_MS;

/** The timeline's canvas and hover card: draws at most once per frame, and only when something has changed. */
export class TimelineView implements GestureListener {
  readonly #canvas: HTMLCanvasElement;
  readonly #handles: { in: HTMLElement; out: HTMLElement };
  readonly #card: HoverCard;
  readonly #services: TimelineServices;
  readonly #listener: TimelineListener;
  readonly #ends: (() => void)[] = [];
  #scene: Scene;
  #palette: Palette;
  #hover: Point | undefined;
  #hoverDirection = 1;
  #pinchStart: Viewport | undefined;
  #frame = 0;
  #settled = 0;

  constructor(elements: TimelineElements, services: TimelineServices, view: Viewport, listener: TimelineListener) {
    const { canvas } = elements;
    this.#canvas = canvas;
    this.#handles = elements;
    this.#card = new HoverCard(elements.card);
    this.#services = services;
    const { footage, thumbnails, conditions, gaps } = services;
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
      dragged: undefined,
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
      conditions.subscribe(() => this.redraw()),
      gaps.subscribe(() => this.redraw()),
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

  /** Changes the cameras, marks or playhead. */
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
    this.#scene.dragged = done || kind === "scrub" ? undefined : kind;
    if (kind !== "scrub") this.#listener.onMark(kind, this.#snap(timeMs), done);
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

  /** A dragged mark snaps to round times, coarser the wider the view; to seconds where a pixel is at most a second. */
  #snap(timeMs: number): number {
    const { view } = this.#scene;
    const pixelMs = widthMs(view) / view.widthPx;
    const stepMs = SNAPS_MS.findLast((step) => step <= pixelMs) ?? SECOND_MS;
    return Math.round(timeMs / stepMs) * stepMs;
  }

  #placeHandles(): void {
    const { view } = this.#scene;
    for (const [which, timeMs] of [
      ["in", this.#scene.inMs],
      ["out", this.#scene.outMs],
    ] as const) {
      const handle = this.#handles[which];
      handle.hidden = timeMs === undefined;
      if (timeMs === undefined) continue;
      // Outside the view it stays at the edge, so that it can still be reached with Tab.
      const x = Math.min(view.widthPx, Math.max(0, xOf(view, timeMs)));
      handle.style.transform = `translateX(${Math.round(x)}px)`;
    }
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
    const { conditions, gaps } = this.#services;
    const cameras = scene.layout.lanes.map((lane) => lane.camera);
    conditions.want(scene.view.fromMs, scene.view.toMs, scene.nowMs);
    gaps.want(cameras, scene.view, scene.nowMs);
    const { missing } = drawTimeline(context, scene, this.#palette, this.#services);
    this.#placeHandles();
    if (hover === undefined || scene.hoverMs === undefined) this.#card.hide();
    else this.#card.show(cameras, scene.hoverMs, hover.xPx, scene.view, this.#services);
    const { thumbnails } = this.#services;
    const around = this.#aroundHover(scene.hoverMs);
    const [under, beside] = [around.slice(0, scene.layout.lanes.length), around.slice(scene.layout.lanes.length)];
    // First the pictures under the pointer (sharper than on a sheet), then the visible ones, then those where the
    // pointer may go next.
    thumbnails.want([...under, ...missing, ...beside.filter((minute) => thumbnails.get(minute) === undefined)]);
    window.clearTimeout(this.#settled);
    this.#settled = window.setTimeout(() => this.#prefetch(), SETTLED_MS);
  }

  #aroundHover(hoverMs: number | undefined): MinuteOf[] {
    if (hoverMs === undefined) return [];
    const middleMs = floorMinute(hoverMs);
    // When a pixel covers several minutes, the neighbours that the pointer can reach are further apart.
    const strideMs =
      Math.max(1, Math.round(widthMs(this.#scene.view) / MINUTE_MS / this.#scene.view.widthPx)) * MINUTE_MS;
    const minutes: MinuteOf[] = [];
    for (const place of aroundPointer(AROUND_MINUTES, this.#hoverDirection)) {
      const minuteMs = middleMs + place * strideMs;
      for (const { camera } of this.#scene.layout.lanes) {
        if (this.#services.footage.hasThumbnail(camera, minuteMs) === true) minutes.push({ camera, minuteMs });
      }
    }
    return minutes;
  }

  /**
   * When the view has stopped moving, fetches the pictures of all of it: coarse first, so that there is one near any
   * pointer position.
   */
  #prefetch(): void {
    const { view, layout, hoverMs, playheadMs } = this.#scene;
    const middleMs = hoverMs ?? playheadMs ?? view.toMs;
    const fromMs = floorMinute(Math.max(view.fromMs, middleMs - MAX_PREFETCHED_MS));
    const toMs = Math.min(view.toMs, fromMs + MAX_PREFETCHED_MS);
    const order = prefetchOrder(Math.max(0, Math.ceil((toMs - fromMs) / MINUTE_MS)), (middleMs - fromMs) / MINUTE_MS);
    const minutes: MinuteOf[] = [];
    for (const place of order) {
      const minuteMs = fromMs + place * MINUTE_MS;
      for (const { camera } of layout.lanes) {
        if (this.#services.footage.hasThumbnail(camera, minuteMs) === true) minutes.push({ camera, minuteMs });
      }
    }
    this.#services.thumbnails.prefetch(minutes);
  }
}
