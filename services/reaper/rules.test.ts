import fc from "fast-check";
import { expect, test } from "vitest";
import { StoreFiles } from "../../shared/disk/store-files.ts";
import { dayOf, minuteAt } from "../../shared/time/minute.ts";
import { missing } from "./free-space.ts";
import { ageMs, lastExpiredDay, minuteStateOf } from "./rules.ts";

const files = new StoreFiles();

test("freeing what is missing reaches both goals, and one byte less does not", () => {
  const spaces = fc.record({ freeBytes: fc.nat(1e9), usedBytes: fc.nat(1e9) });
  const goals = fc.record({ minFreePercent: fc.integer({ min: 0, max: 95 }), minFreeBytes: fc.nat(1e8) });
  fc.assert(
    fc.property(spaces, goals, ({ freeBytes, usedBytes }, goal) => {
      const totalBytes = freeBytes + usedBytes;
      const { bytes } = missing({ freeBytes, totalBytes }, { ...goal, reserveBytes: 0, isRecordedTo: true });
      const reached = (free: number) => free >= goal.minFreeBytes && free >= (totalBytes * goal.minFreePercent) / 100;
      expect(reached(freeBytes + bytes)).toBe(true);
      if (bytes > 0) expect(reached(freeBytes + bytes - 1)).toBe(false);
    }),
  );
});

test("every expired minute lies in a day up to the last expired one", () => {
  const nowMs = Date.UTC(2026, 10, 24, 0, 3);
  fc.assert(
    fc.property(fc.double({ min: 0.01, max: 400, noNaN: true }), fc.integer({ min: 0, max: 600_000 }), (days, ago) => {
      const minute = minuteAt((nowMs - ago * 60_000) * 1000);
      if (ageMs(minute, nowMs) > days * 86_400_000) expect(dayOf(minute) <= lastExpiredDay(days, nowMs)).toBe(true);
    }),
  );
});

test("a minute is untouchable until five minutes after its end", async () => {
  const endMs = Date.UTC(2026, 10, 24, 14, 33);
  const minute = { directory: "/nowhere", camera: "a", minute: "20261124.1432", files: [] };
  expect(await minuteStateOf(files, minute, endMs + 5 * 60_000 - 1)).toBe("untouchable");
  expect(await minuteStateOf(files, minute, endMs + 5 * 60_000)).toBe("settled");
});
