import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  addEmulationPrevention,
  buildFrameSei,
  joinAnnexB,
  readFrameSei,
  removeEmulationPrevention,
  splitAnnexB,
} from "./h264.ts";

const bytesFullOfZeros = fc.array(fc.oneof(fc.constantFrom(0, 0, 0, 1, 2, 3), fc.nat(255)), { maxLength: 64 });

describe("emulation prevention", () => {
  test("no start code can stand in what it gives, and it is undone exactly", () => {
    fc.assert(
      fc.property(bytesFullOfZeros, (bytes) => {
        const escaped = addEmulationPrevention(Uint8Array.from(bytes));
        for (let i = 0; i + 2 < escaped.length; i++) {
          expect(escaped[i] === 0 && escaped[i + 1] === 0 && (escaped[i + 2] as number) < 3).toBe(false);
        }
        expect([...removeEmulationPrevention(escaped)]).toEqual(bytes);
      }),
    );
  });
});

describe("the frame's SEI", () => {
  test("gives back number and capture time, whatever they are", () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.maxSafeNat(), (n, captureTimeUs) => {
        expect(readFrameSei(buildFrameSei({ n, captureTimeUs }))).toEqual({ n, captureTimeUs });
      }),
    );
  });

  test("is not seen in other NAL units", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), (nal) => readFrameSei(nal) === undefined));
  });
});

test("an Annex B stream is split into the NAL units that it was joined from", () => {
  const nal = bytesFullOfZeros.map((bytes) =>
    Buffer.concat([Buffer.from([0x65]), addEmulationPrevention(Uint8Array.from(bytes)), Buffer.from([0x80])]),
  );
  fc.assert(
    fc.property(fc.array(nal), (nals) => {
      expect(splitAnnexB(joinAnnexB(nals))).toEqual(nals);
    }),
  );
});
