import type { TimelineServices } from "../services.ts";
import { formatClock, formatDuration, formatMoment, formatSeconds, formatShortDate, zoneName } from "../time/format.ts";
import { floorMinute, HOUR_MS } from "../time/minute.ts";
import { timesUnder } from "./condition-bars.ts";
import type { ConditionSpan } from "./condition-spans.ts";
import type { Picture } from "./picture.ts";
import { type Viewport, widthMs } from "./viewport.ts";

const MAX_CAMERAS = 4;
/** How far away a minute may be whose picture is shown until the right one is loaded. */
const REACH_MINUTES = 90;
const MAX_TROUBLES = 4;
/** In a view narrower than this, a pixel is only a few seconds: the card then shows seconds. */
const SECONDS_BELOW_MS = 3 * HOUR_MS;

type Frame = { root: HTMLElement; canvas: HTMLCanvasElement; note: HTMLElement };

/**
 * The pictures under the pointer, one of each camera. They are drawn on canvases, so that a new one replaces the old
 * within the same frame and without flicker. Not rendered by components, for speed.
 */
export class HoverCard {
  readonly #root: HTMLElement;
  readonly #time: HTMLElement;
  readonly #conditions: HTMLElement;
  readonly #pictures = new Map<string, Frame>();
  readonly #row: HTMLElement;

  constructor(root: HTMLElement) {
    this.#root = root;
    this.#row = document.createElement("div");
    this.#row.className = "hover-pictures";
    this.#time = document.createElement("div");
    this.#time.className = "hover-time";
    this.#conditions = document.createElement("div");
    this.#conditions.className = "hover-conditions";
    root.append(this.#row, this.#time, this.#conditions);
  }

  hide(): void {
    this.#root.hidden = true;
  }

  /** Shows the pictures and conditions of a moment, above the pixel `xPx` of a view. */
  show(cameras: readonly string[], timeMs: number, xPx: number, view: Viewport, services: TimelineServices): void {
    this.#root.hidden = false;
    const shown = cameras.slice(0, MAX_CAMERAS);
    this.#setCameras(shown);
    for (const camera of shown) this.#draw(camera, timeMs, services);
    const time = widthMs(view) < SECONDS_BELOW_MS ? formatSeconds(timeMs) : formatClock(timeMs);
    this.#time.textContent = `${formatShortDate(timeMs)}  ${time} ${zoneName(timeMs)}`;
    const { fromMs, toMs } = timesUnder(view, xPx);
    const text = wordsOf([...cameras, undefined].flatMap((each) => services.conditions.between(each, fromMs, toMs)));
    if (this.#conditions.textContent !== text) this.#conditions.textContent = text;
    const width = this.#root.offsetWidth;
    const left = Math.min(view.widthPx - width, Math.max(0, xPx - width / 2));
    this.#root.style.transform = `translate(${Math.round(left)}px, 0)`;
  }

  #setCameras(cameras: readonly string[]): void {
    if (cameras.length === this.#pictures.size && cameras.every((camera) => this.#pictures.has(camera))) return;
    this.#pictures.clear();
    this.#row.replaceChildren();
    this.#root.classList.toggle("several", cameras.length > 1);
    for (const camera of cameras) {
      const root = document.createElement("div");
      root.className = "hover-picture";
      const canvas = document.createElement("canvas");
      canvas.width = 320;
      canvas.height = 180;
      const note = document.createElement("span");
      note.className = "hover-note";
      root.append(canvas, note);
      if (cameras.length > 1) {
        const name = document.createElement("span");
        name.className = "hover-name";
        name.textContent = camera;
        root.append(name);
      }
      this.#row.append(root);
      this.#pictures.set(camera, { root, canvas, note });
    }
  }

  #draw(camera: string, timeMs: number, { footage, thumbnails }: TimelineServices): void {
    const picture = this.#pictures.get(camera);
    if (picture === undefined) return;
    const minuteMs = floorMinute(timeMs);
    const isGap = footage.hasThumbnail(camera, minuteMs) === false && !footage.isInLonger(camera, timeMs);
    const found = isGap ? undefined : thumbnails.nearest({ camera, minuteMs }, REACH_MINUTES);
    const context = picture.canvas.getContext("2d");
    if (context === null) return;
    const { canvas } = picture;
    if (found === undefined) context.clearRect(0, 0, canvas.width, canvas.height);
    else drawFitting(context, found.picture);
    const exact = found?.minuteMs === minuteMs;
    picture.root.dataset.exact = String(exact);
    picture.note.textContent = isGap
      ? "no footage"
      : exact
        ? ""
        : found === undefined
          ? "loading…"
          : `near: ${formatClock(found.minuteMs)}`;
  }
}

/** The conditions as text, one per line: only the newest, when there are many. */
function wordsOf(spans: readonly ConditionSpan[]): string {
  const nowMs = Date.now();
  const newest = [...spans].sort((a, b) => b.fromMs - a.fromMs);
  const lines = newest.slice(0, MAX_TROUBLES).map(({ condition: { subject, message }, fromMs, toMs }) => {
    const since = formatMoment(fromMs, nowMs);
    const when = toMs === undefined ? `since ${since}` : `${since}, for ${formatDuration(toMs - fromMs)}`;
    return `${subject}: ${message} (${when})`;
  });
  const more = newest.length - lines.length;
  return [...lines, ...(more > 0 ? [`and ${more} more: zoom in`] : [])].join("\n");
}

function drawFitting(context: CanvasRenderingContext2D, picture: Picture): void {
  const { canvas } = context;
  const { source, x, y } = picture;
  const scale = Math.min(canvas.width / picture.width, canvas.height / picture.height);
  const [width, height] = [picture.width * scale, picture.height * scale];
  if (width < canvas.width || height < canvas.height) context.clearRect(0, 0, canvas.width, canvas.height);
  const [left, top] = [(canvas.width - width) / 2, (canvas.height - height) / 2];
  context.drawImage(source, x, y, picture.width, picture.height, left, top, width, height);
}
