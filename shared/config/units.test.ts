import fc from "fast-check";
import { expect, test } from "vitest";
import { formatByteSize, formatDuration, parseByteSize, parseDuration } from "./units.ts";

test("durations are read as people write them", () => {
  expect(parseDuration("30s")).toBe(30_000);
  expect(parseDuration("5 min")).toBe(300_000);
  expect(parseDuration("250ms")).toBe(250);
  expect(parseDuration("1.5 Hours")).toBe(5_400_000);
  expect(parseDuration("750")).toBe(750);
  for (const text of ["", "s", "-1s", "1 fortnight", "1s2", "1e3", "∞", "constructor", "1constructor"]) {
    expect(parseDuration(text), text).toBeUndefined();
  }
});

test("byte sizes tell powers of 1000 from powers of 1024", () => {
  expect(parseByteSize("512MiB")).toBe(536_870_912);
  expect(parseByteSize("10GB")).toBe(10_000_000_000);
  expect(parseByteSize("1048576")).toBe(1_048_576);
  expect(parseByteSize("10G")).toBeUndefined();
});

test("what is written for a value is read as that value", () => {
  fc.assert(
    fc.property(fc.nat(2 ** 40), (value) => {
      expect(parseDuration(formatDuration(value))).toBe(value);
      expect(parseByteSize(formatByteSize(value))).toBe(value);
    }),
  );
});

test("whatever the text, a whole number of at least 0 comes out, or nothing", () => {
  const texts = fc.oneof(
    fc.string(),
    fc.tuple(fc.double(), fc.string({ maxLength: 4 })).map(([n, unit]) => `${n}${unit}`),
  );
  fc.assert(
    fc.property(texts, (text) => {
      for (const value of [parseDuration(text), parseByteSize(text)]) {
        expect(value === undefined || (Number.isSafeInteger(value) && value >= 0)).toBe(true);
      }
    }),
  );
});
