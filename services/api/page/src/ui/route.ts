import { Changing } from "./store.ts";

/** What the page shows. All of it is in the URL's hash, so that a link to a moment can be sent to somebody. */
export type Route = { view: "overview" } | WatchRoute;

export interface WatchRoute {
  view: "watch";
  /** On one time axis, from top to bottom. */
  cameras: readonly string[];
  /** The camera that plays; undefined: the first. */
  active?: string | undefined;
  /** The displayed moment, ms since the Unix epoch; undefined: the newest. */
  timeMs?: number | undefined;
  /** The width of the timeline, in ms; undefined: a day. */
  widthMs?: number | undefined;
  /** The marks of a range to download, ms since the Unix epoch. */
  inMs?: number | undefined;
  outMs?: number | undefined;
  /** Whether only the playing camera is shown large; otherwise all those that play in step are. */
  isAlone?: boolean | undefined;
}

const CAMERA_PATTERN = /^[A-Za-z0-9_-]{1,64}$/;

/** Reads a hash such as `#/watch/front-door,yard?t=2026-11-24T14:33:05.000Z&w=3600`. Anything else is the overview. */
export function parseRoute(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#/, "").split("?", 2);
  const match = /^\/watch\/([^/]+)$/.exec(path);
  if (match?.[1] === undefined) return { view: "overview" };
  const cameras = [...new Set(match[1].split(","))].filter((camera) => CAMERA_PATTERN.test(camera));
  if (cameras.length === 0) return { view: "overview" };
  const parameters = new URLSearchParams(query);
  const seconds = Number(parameters.get("w") ?? Number.NaN);
  const [inMs, outMs] = [readTime(parameters.get("in")), readTime(parameters.get("out"))];
  return {
    view: "watch",
    cameras,
    active: cameras.find((camera) => camera === parameters.get("c")),
    timeMs: readTime(parameters.get("t")),
    widthMs: seconds > 0 ? seconds * 1000 : undefined,
    inMs,
    outMs: inMs !== undefined && outMs !== undefined && outMs <= inMs ? undefined : outMs,
    isAlone: parameters.has("alone") || undefined,
  };
}

/** The hash of a route; the inverse of `parseRoute`. */
export function formatRoute(route: Route): string {
  if (route.view === "overview") return "#/";
  const parts = [
    route.active === undefined ? [] : [`c=${route.active}`],
    timePart("t", route.timeMs),
    route.widthMs === undefined ? [] : [`w=${Math.round(route.widthMs / 1000)}`],
    timePart("in", route.inMs),
    timePart("out", route.outMs),
    route.isAlone === true ? ["alone"] : [],
  ].flat();
  return `#/watch/${route.cameras.join(",")}${parts.length === 0 ? "" : `?${parts.join("&")}`}`;
}

function readTime(text: string | null): number | undefined {
  const timeMs = text === null ? Number.NaN : Date.parse(text);
  return Number.isNaN(timeMs) ? undefined : timeMs;
}

function timePart(name: string, timeMs: number | undefined): string[] {
  return timeMs === undefined ? [] : [`${name}=${new Date(timeMs).toISOString()}`];
}

/** The window's hash, and the route that it describes. */
export class Router extends Changing {
  #hash = window.location.hash;
  #route = parseRoute(this.#hash);

  constructor() {
    super();
    window.addEventListener("hashchange", () => {
      this.#hash = window.location.hash;
      this.#route = parseRoute(this.#hash);
      this.changed();
    });
  }

  get route(): Route {
    return this.#route;
  }

  /** Goes to a route; the browser's back button returns from it. */
  go(route: Route): void {
    window.location.hash = formatRoute(route);
  }

  /** Keeps the address up to date with what is shown, without a history entry and without rendering. */
  record(route: Route): void {
    if (window.location.hash !== this.#hash) return; // the viewer has gone elsewhere: the hashchange event will follow
    this.#route = route;
    const hash = formatRoute(route);
    if (hash !== this.#hash) window.history.replaceState(null, "", hash);
    this.#hash = window.location.hash;
  }
}
