import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { uint32, uint32Table } from "./box.ts";
import { Mp4Error, readBoxes } from "./box-reader.ts";
import { readSampleTable } from "./sample-table-reader.ts";
import { type SampleRun, SampleTables } from "./sample-tables.ts";

interface Given extends SampleRun {
  lastDuration: number;
}

const MEDIA_OFFSET = 1_000_000;
const durations = fc.oneof(fc.constant(3600), fc.integer({ min: 1, max: 100_000 }));

/** Runs of samples such as a track may have: of video, with keyframes and B-frames, or of sync samples only. */
function runs(isVideo: boolean): fc.Arbitrary<Given[]> {
  const sample = fc.record({
    size: fc.nat(5000),
    duration: durations,
    offset: fc.integer({ min: -9000, max: 9000 }),
    isKeyframe: fc.boolean(),
  });
  const run = fc.tuple(fc.array(sample, { maxLength: 40 }), fc.boolean()).map(([samples, reorders]): Given => {
    let ticks = 0;
    const dts = samples.map(({ duration }) => {
      ticks += duration;
      return ticks - duration;
    });
    const keyframes = samples.flatMap(({ isKeyframe }, i) => (isKeyframe ? [i] : []));
    return {
      sizes: Uint32Array.from(samples, ({ size }) => size),
      dts: Uint32Array.from(dts),
      ...(reorders && { ptsOffsets: Int32Array.from(samples, ({ offset }) => offset) }),
      ...(isVideo && { keyframes: Uint32Array.from(keyframes) }),
      lastDuration: samples.at(-1)?.duration ?? 1,
    };
  });
  return fc.array(run, { minLength: 1, maxLength: 5 });
}

/** The samples of all runs as one list. */
function joined(given: readonly Given[]) {
  const all = { sizes: [] as number[], dts: [] as number[], offsets: [] as number[], keyframes: [] as number[] };
  let ticks = 0;
  for (const { sizes, dts, ptsOffsets, keyframes, lastDuration } of given) {
    const base = all.sizes.length;
    for (const i of sizes.keys())
      all.keyframes.push(...((keyframes ?? sizes.map((_, at) => at)).includes(i) ? [base + i] : []));
    all.sizes.push(...sizes);
    all.dts.push(...Array.from(dts, (at) => ticks + at));
    all.offsets.push(...Array.from(sizes, (_, i) => ptsOffsets?.[i] ?? 0));
    if (dts.length > 0) ticks += (dts.at(-1) as number) + lastDuration;
  }
  return { ...all, durationTicks: ticks };
}

/** Offsets of consecutive samples, the first of which is at `start`. */
function placesOf(start: number, sizes: Iterable<number>): number[] {
  let end = start;
  return Array.from(sizes, (size) => {
    end += size;
    return end - size;
  });
}

function tablesOf(given: readonly Given[]): SampleTables {
  const tables = new SampleTables();
  for (const [i, run] of given.entries()) tables.add(run, run.lastDuration, i === given.length - 1 ? 3 : 0);
  return tables;
}

function readBack(tables: SampleTables, durationTicks: number) {
  const bytes = Buffer.concat(tables.parts(MEDIA_OFFSET, tables.mediaBytes));
  return readSampleTable(bytes, readBoxes(bytes), durationTicks, tables.mediaBytes);
}

describe.each([true, false])("sample tables (of video: %s)", (isVideo) => {
  test("are read as they were written, run by run, and samples lie one behind the other", () => {
    fc.assert(
      fc.property(runs(isVideo), (given) => {
        const { sizes, dts, offsets, keyframes, durationTicks } = joined(given);
        const read = readBack(tablesOf(given), durationTicks);
        expect([...read.sizes]).toEqual(sizes);
        expect([...read.dts]).toEqual(dts);
        expect(Array.from(sizes, (_, i) => read.ptsOffsets?.[i] ?? 0)).toEqual(offsets);
        expect([...read.keyframes]).toEqual(keyframes);
        expect([...read.offsets]).toEqual(placesOf(MEDIA_OFFSET, sizes));
        expect(sizes.length === 0 || read.extent.isContiguous).toBe(true);
      }),
    );
  });

  test("with a delay have it in all presentation offsets, and none that is negative", async () => {
    await fc.assert(
      fc.asyncProperty(runs(isVideo), async (given) => {
        const { sizes, offsets, durationTicks } = joined(given);
        const tables = tablesOf(given);
        const delay = await tables.delay({ pause: async () => {} });
        expect(delay).toBe(Math.max(0, ...offsets.map((offset) => -offset)));
        const read = readBack(tables, durationTicks);
        expect(Array.from(sizes, (_, i) => read.ptsOffsets?.[i] ?? 0)).toEqual(offsets.map((offset) => offset + delay));
      }),
    );
  });

  test("are the same whether the bytes of runs are added up or known from where they lie", () => {
    fc.assert(
      fc.property(runs(isVideo), (given) => {
        const placed = given.map((run) => ({ ...run, offsets: Float64Array.from(placesOf(77, run.sizes)) }));
        const [added, known] = [tablesOf(given), tablesOf(placed)];
        expect(known.mediaBytes).toBe(added.mediaBytes);
        expect(Buffer.concat(known.parts(0, 0)).equals(Buffer.concat(added.parts(0, 0)))).toBe(true);
      }),
    );
  });
});

/** Tables as other programs write them: all samples of one size, several in each chunk, no list of sync samples. */
function tablesOfOneSize(size: number, count: number, perChunk: number): Buffer {
  const chunks = Math.ceil(count / perChunk);
  const last = count - (chunks - 1) * perChunk;
  const entries =
    last === perChunk ? [1, perChunk, 1] : chunks === 1 ? [1, last, 1] : [1, perChunk, 1, chunks, last, 1];
  const offsets = Array.from({ length: chunks }, (_, chunk) => MEDIA_OFFSET + chunk * 2 * perChunk * size);
  const table = (type: string, ...numbers: number[]) =>
    Buffer.concat([uint32(12 + numbers.length * 4), Buffer.from(type), uint32(0), uint32Table(numbers)]);
  return Buffer.concat([
    table("stts", 1, count, 1),
    table("stsc", entries.length / 3, ...entries),
    table("stsz", size, count),
    table("stco", chunks, ...offsets),
  ]);
}

test("samples of one size without a list of sync samples are read, each in its place, and no more than the file has", () => {
  const numbers = fc.tuple(
    fc.integer({ min: 1, max: 8 }),
    fc.integer({ min: 1, max: 500 }),
    fc.integer({ min: 1, max: 60 }),
  );
  fc.assert(
    fc.property(numbers, ([size, count, perChunk]) => {
      const bytes = tablesOfOneSize(size, count, perChunk);
      const read = readSampleTable(bytes, readBoxes(bytes), count, size * count);
      expect([...read.sizes]).toEqual(Array(count).fill(size));
      expect([...read.keyframes]).toEqual(Array.from({ length: count }, (_, i) => i));
      const chunkOf = (i: number) => Math.floor(i / perChunk);
      const placeOf = (i: number) => MEDIA_OFFSET + (chunkOf(i) * 2 * perChunk + (i % perChunk)) * size;
      expect([...read.offsets]).toEqual(Array.from({ length: count }, (_, i) => placeOf(i)));
      expect(() => readSampleTable(bytes, readBoxes(bytes), count, size * count - 1)).toThrow(Mp4Error);
    }),
  );
});
