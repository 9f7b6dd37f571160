import { expect, it } from "vitest";
import { ClockWatch } from "./clock-watch.ts";

const START_MS = Date.parse("2026-11-24T14:33:00.000Z");
const HOUR_MS = 3_600_000;

it("sees no step while the clock is steered, for a whole day", () => {
  const watch = new ClockWatch();
  for (let ms = 0; ms < 24 * HOUR_MS; ms += 5000) expect(watch.observe(START_MS + ms * 1.0005, ms)).toBeUndefined();
});

it("remembers for an hour that the clock was set, in either direction", () => {
  const watch = new ClockWatch();
  watch.observe(START_MS, 0);
  expect(watch.observe(START_MS + 5000 + HOUR_MS, 5000)).toEqual({ at: "2026-11-24T15:33:05.000Z", stepMs: HOUR_MS });
  expect(watch.observe(START_MS + 10_000 + HOUR_MS, 10_000)).toMatchObject({ stepMs: HOUR_MS });
  expect(watch.observe(START_MS + 15_000, 15_000)).toEqual({ at: "2026-11-24T14:33:15.000Z", stepMs: -HOUR_MS });
  expect(watch.observe(START_MS + HOUR_MS, HOUR_MS)).toMatchObject({ stepMs: -HOUR_MS });
  expect(watch.observe(START_MS + HOUR_MS + 20_000, HOUR_MS + 20_000)).toBeUndefined();
});
