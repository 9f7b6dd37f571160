import { afterEach, expect, test, vi } from "vitest";
import { codecName } from "./codecs.ts";
import { formatRoute, parseRoute, type Route, Router } from "./route.ts";
import { formatBitRate, formatBytes } from "./units.ts";

test("a route survives the way through the URL", () => {
  const timeMs = Date.parse("2026-11-24T14:33:05.480Z");
  const routes: Route[] = [
    { view: "overview" },
    { view: "watch", cameras: ["front-door"] },
    {
      view: "watch",
      cameras: ["front-door", "back_yard-2"],
      active: "back_yard-2",
      timeMs,
      widthMs: 3_600_000,
      inMs: timeMs,
      outMs: timeMs + 60_000,
    },
  ];
  for (const route of routes) expect(parseRoute(formatRoute(route))).toEqual({ ...emptied(route), ...route });
});

test("nonsense in the URL shows the overview, or is left out", () => {
  for (const hash of ["", "#", "#/nowhere", "#/watch/", "#/watch/..%2F", "#/watch/a.b"]) {
    expect(parseRoute(hash), hash).toEqual({ view: "overview" });
  }
  expect(parseRoute("#/watch/a,a,<b>?t=yesterday&w=-3&c=z")).toEqual({
    ...emptied({ view: "watch", cameras: [] }),
    view: "watch",
    cameras: ["a"],
  });
});

test("sizes and rates are short", () => {
  expect([0, 820_000, 1_340_000_000, 999_600].map(formatBytes)).toEqual(["0 B", "820 kB", "1.3 GB", "1.0 MB"]);
  expect(formatBitRate(4_060_000)).toBe("4.1 Mbit/s");
  expect([codecName("avc1.64001f"), codecName("hvc1.1.6.L93"), codecName("mp4a")]).toEqual(["H.264", "H.265", "mp4a"]);
});

function emptied(route: Route): object {
  if (route.view === "overview") return {};
  return { active: undefined, timeMs: undefined, widthMs: undefined, inMs: undefined, outMs: undefined };
}

afterEach(() => vi.unstubAllGlobals());

test("what is shown is not written over the address to which the viewer has just gone", () => {
  const location = { hash: "#/watch/yard" };
  const listeners: (() => void)[] = [];
  const history = {
    replaceState: (_state: null, _title: string, hash: string) => {
      location.hash = hash;
    },
  };
  vi.stubGlobal("window", {
    location,
    history,
    addEventListener: (_name: string, listener: () => void) => listeners.push(listener),
  });
  const router = new Router();
  const recorded: Route = { view: "watch", cameras: ["yard"], timeMs: 0 };
  router.record(recorded);
  expect(location.hash).toBe(formatRoute(recorded));
  location.hash = "#/";
  router.record({ ...recorded, timeMs: 1000 }); // before the browser has reported it
  listeners[0]?.();
  expect([location.hash, router.route]).toEqual(["#/", { view: "overview" }]);
});
