import { createHash } from "node:crypto";
import { boxOf, readBoxes } from "../../../shared/mp4/box-reader.ts";
import { parseMovie } from "../../../shared/mp4/movie-reader.ts";
import { writeMovieHead } from "../../../shared/mp4/movie-writer.ts";
import { cutMinute } from "./cut.ts";
import { RangeMovie } from "./range-movie.ts";
import { TimeSlice } from "./time-slice.ts";

/** V8 compiles what has run for a while: so many minutes are a tenth of a second's work. */
const MINUTES = 150;
const SAMPLES = 1500;
const GOP = 50;
const FRAME_US = 40_000;
const FRAME_TICKS = 3600;
/** One sequence and one picture parameter set, of 4 and 2 bytes. */
const AVCC = Buffer.from("0164001fffe100046764001f01000268ee", "hex");

/**
 * Lays out an invented range, so that the first one that is asked for finds the code compiled: it would else take twice as
 * long as later ones. Others have their turn meanwhile.
 */
export async function warmUpRanges(): Promise<void> {
  const slice = new TimeSlice();
  const startUs = 1e15;
  const index = inventedIndex(startUs);
  const range = new RangeMovie("skip");
  let minute = parseMovie(index);
  for (let i = 0; i < MINUTES; i++) {
    minute = parseMovie(index);
    const samples = { ...minute, contiguousOffsets: minute.offsets };
    for (const cut of cutMinute(samples, startUs, startUs + SAMPLES * FRAME_US)) range.add(cut);
    await slice.pause();
  }
  const { head } = await range.finish(minute, slice);
  const hash = createHash("sha256");
  for (const bytes of head) hash.update(bytes);
}

/** Content of the `moov` box of a minute that there never was. */
function inventedIndex(firstCaptureTimeUs: number): Buffer {
  const endUs = firstCaptureTimeUs + SAMPLES * FRAME_US;
  const head = writeMovieHead({
    avcC: AVCC,
    codec: "avc1.64001f",
    width: 1920,
    height: 1080,
    dts: Uint32Array.from({ length: SAMPLES }, (_, i) => i * FRAME_TICKS + (i % 3)), // uneven, as cameras are
    durationTicks: SAMPLES * FRAME_TICKS,
    sizes: new Uint32Array(SAMPLES).fill(20_000),
    keyframes: Uint32Array.from({ length: SAMPLES / GOP }, (_, i) => i * GOP),
    record: { spans: [{ sampleCount: SAMPLES, firstCaptureTimeUs, endUs }], chunks: [] },
  });
  const { start, end } = boxOf(readBoxes(head, 0, head.length, true), "moov");
  return head.subarray(start, end);
}
