/** The gestures on the timeline, independent of the browser's events. Pixels are relative to the element. */
export interface GestureListener {
  /** A mouse or pen moves over it; undefined when it leaves. */
  onHover(point: Point | undefined): void;
  /** Called when a button or finger goes down: returns what a drag from here will move. */
  dragKind(point: Point): "pan" | "scrub" | "in" | "out";
  onPan(deltaPx: number): void;
  /** The playhead or a mark is dragged; `done` with the last call. */
  onDrag(kind: "scrub" | "in" | "out", point: Point, done: boolean): void;
  /** Pressed and released without moving. */
  onTap(point: Point): void;
  /** @param factor above 1: show more time */
  onZoom(xPx: number, factor: number): void;
  onPinchStart(): void;
  onPinch(startPx: readonly [number, number], nowPx: readonly [number, number]): void;
}

export interface Point {
  xPx: number;
  yPx: number;
  touch: boolean;
}

const SLOP_PX = 5;
const WHEEL_LINE_PX = 16;
/** Pixels of wheel movement for a zoom by a factor of e. */
const WHEEL_E_PX = 480;

/** Listens to the pointer and wheel on an element. Returns a function that ends this. */
export function listenToGestures(element: HTMLElement, listener: GestureListener): () => void {
  const down = new Map<number, { start: Point; now: Point }>();
  let kind: "pan" | "scrub" | "in" | "out" | "pinch" | undefined;
  let moved = false;
  const pointOf = (event: PointerEvent | WheelEvent): Point => {
    const box = element.getBoundingClientRect();
    const touch = event instanceof PointerEvent && event.pointerType === "touch";
    return { xPx: event.clientX - box.left, yPx: event.clientY - box.top, touch };
  };

  const onDown = (event: PointerEvent) => {
    if (event.pointerType === "mouse" && event.button !== 0) return;
    const point = pointOf(event);
    element.setPointerCapture(event.pointerId);
    down.set(event.pointerId, { start: point, now: point });
    if (down.size === 1) {
      kind = listener.dragKind(point);
      moved = false;
      if (kind === "scrub") listener.onDrag("scrub", point, false);
    } else if (down.size === 2) {
      kind = "pinch";
      for (const finger of down.values()) finger.start = finger.now;
      listener.onPinchStart();
    }
  };
  const onMove = (event: PointerEvent) => {
    const point = pointOf(event);
    const finger = down.get(event.pointerId);
    if (finger === undefined) {
      if (!point.touch) listener.onHover(point);
      return;
    }
    const deltaPx = point.xPx - finger.now.xPx;
    if (!moved && kind !== "pinch" && Math.abs(point.xPx - finger.start.xPx) < SLOP_PX) return;
    moved = true;
    finger.now = point;
    if (kind === "pan") {
      listener.onPan(deltaPx);
      if (!point.touch) listener.onHover(point);
    } else if (kind === "pinch") {
      const [first, second] = [...down.values()];
      if (first === undefined || second === undefined) return;
      listener.onPinch([first.start.xPx, second.start.xPx], [first.now.xPx, second.now.xPx]);
    } else if (kind !== undefined) listener.onDrag(kind, point, false);
  };
  const onUp = (event: PointerEvent) => {
    const finger = down.get(event.pointerId);
    if (finger === undefined) return;
    down.delete(event.pointerId);
    if (kind === "pinch") {
      kind = down.size === 0 ? undefined : "pan";
      moved = true;
      return;
    }
    const cancelled = event.type === "pointercancel";
    if (kind !== undefined && kind !== "pan") listener.onDrag(kind, moved ? pointOf(event) : finger.start, true);
    else if (kind === "pan" && !moved && !cancelled) listener.onTap(finger.start);
    kind = undefined;
    if (finger.start.touch) listener.onHover(undefined);
  };
  const onLeave = (event: PointerEvent) => {
    if (!down.has(event.pointerId)) listener.onHover(undefined);
  };
  const onWheel = (event: WheelEvent) => {
    event.preventDefault();
    const unit = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? WHEEL_LINE_PX : 1;
    const sideways = event.shiftKey ? event.deltaX || event.deltaY : event.deltaX;
    const point = pointOf(event);
    if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) listener.onPan(-sideways * unit);
    // A pinch on a trackpad comes as a wheel event with Ctrl, in small steps.
    else listener.onZoom(point.xPx, Math.exp((event.deltaY * unit * (event.ctrlKey ? 5 : 1)) / WHEEL_E_PX));
    listener.onHover(point);
  };

  element.addEventListener("pointerdown", onDown);
  element.addEventListener("pointermove", onMove);
  element.addEventListener("pointerup", onUp);
  element.addEventListener("pointercancel", onUp);
  element.addEventListener("pointerleave", onLeave);
  element.addEventListener("wheel", onWheel, { passive: false });
  return () => {
    element.removeEventListener("pointerdown", onDown);
    element.removeEventListener("pointermove", onMove);
    element.removeEventListener("pointerup", onUp);
    element.removeEventListener("pointercancel", onUp);
    element.removeEventListener("pointerleave", onLeave);
    element.removeEventListener("wheel", onWheel);
  };
}
