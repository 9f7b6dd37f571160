import fc from "fast-check";
import { expect, test } from "vitest";
import { writeFragment } from "../../../../../shared/mp4/fragment-writer.ts";
import { readFragmentTimes } from "./fragment-times.ts";

const copy = (bytes: Uint8Array) => new Uint8Array(bytes).buffer;

test("what the api writes into a fragment is read from it", () => {
  for (const isKeyframe of [true, false]) {
    const sample = { sequence: 7, isKeyframe, decodeTimeUs: 12_345_678, presentationTimeUs: 12_000_000, durationUs: 1 };
    const bytes = copy(writeFragment(sample, [Buffer.from("65888040", "hex")]));
    expect(readFragmentTimes(bytes)).toEqual({ decodeTimeS: 12.345678, isKeyframe });
  }
});

test("nothing else is taken for a fragment", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      expect(readFragmentTimes(copy(bytes))).toBeUndefined();
    }),
  );
});
