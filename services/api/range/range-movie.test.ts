import { describe, expect, it } from "vitest";
import { H264 } from "../../../shared/codec/h264/h264.ts";
import type { Cut } from "./cut.ts";
import { RangeMovie } from "./range-movie.ts";
import { TimeSlice } from "./time-slice.ts";

const CONFIGURATION = {
  codec: H264,
  boxContent: Buffer.from("0164001fffe100046764001f01000268ee", "hex"),
  codecString: "avc1.64001f",
  width: 64,
  height: 48,
};
const START_US = 1_764_000_000_000_000;
const FRAME_TICKS = 3600;

/** Pictures of one size, 25 a second. */
function cutOf(count: number, size: number, more: Partial<Cut> = {}): Cut {
  const endUs = START_US + count * 40_000;
  return {
    from: 0,
    to: count,
    sizes: new Uint32Array(count).fill(size),
    dts: Uint32Array.from({ length: count }, (_, i) => i * FRAME_TICKS),
    keyframes: Uint32Array.of(0),
    firstTicks: 0,
    firstUs: START_US,
    shownUs: START_US,
    endUs,
    hasMore: false,
    span: { sampleCount: count, firstCaptureTimeUs: START_US, endUs },
    ...more,
  };
}

async function headOf(...cuts: Cut[]): Promise<Buffer> {
  const movie = new RangeMovie("skip");
  for (const cut of cuts) movie.add(cut);
  return Buffer.concat((await movie.finish(CONFIGURATION, new TimeSlice())).head);
}

/** The numbers of a table box, after its version and count. */
function tableOf(head: Buffer, type: string, entryBytes: 4 | 8): number[] {
  const at = head.indexOf(type) + 8;
  return Array.from({ length: head.readUInt32BE(at) }, (_, i) =>
    entryBytes === 8 ? Number(head.readBigUInt64BE(at + 4 + i * 8)) : head.readUInt32BE(at + 4 + i * 4),
  );
}

describe("the index of a range", () => {
  it("is the same for pictures of a minute that later has B-frames as before it had any", async () => {
    const growing = await headOf(cutOf(20, 1000));
    const grown = await headOf(cutOf(20, 1000, { ptsOffsets: new Int32Array(20) }));
    expect(grown.equals(growing)).toBe(true);
  });

  it("has offsets of 64 bits as soon as one of them needs it", async () => {
    // The last picture begins just below 4 GiB after the first; the tables before the media move it above.
    const pictures = 300_000;
    const size = Math.floor(2 ** 32 / pictures);
    const keyframes = Uint32Array.from({ length: pictures / 50 }, (_, i) => i * 50);
    const head = await headOf(cutOf(pictures, size, { keyframes }), cutOf(1, 10));
    expect(head.includes("stco")).toBe(false);
    const offsets = tableOf(head, "co64", 8);
    expect(offsets[0]).toBe(head.length);
    expect(offsets.at(-1)).toBe(head.length + pictures * size);
    const small = await headOf(cutOf(100, 1000));
    expect(tableOf(small, "stco", 4)).toEqual([small.length]);
  });
});
