import { parseOrigin } from "../chunk/chunk-index.ts";
import type { ChunkOrigin } from "../chunk/format.ts";
import { box, uint16, uint32, uint64 } from "./box.ts";
import { FieldReader, type FoundBox, LaterVersionError } from "./box-reader.ts";

/** Consecutive samples of one recorder session whose times continue without a gap. */
export interface CaptureSpan {
  sampleCount: number;
  /** Capture time of the first picture, µs since the Unix epoch. */
  firstCaptureTimeUs: number;
  /** Where the last picture ends. */
  endUs: number;
  origin?: ChunkOrigin;
}

/** A chunk whose first `sampleCount` samples are in the file: if it is found again, they are not added again. */
export interface MergedChunk {
  /** Time of its origin block, µs since the Unix epoch; without one, that of its first access unit. */
  openedUs: number;
  sampleCount: number;
  origin?: ChunkOrigin;
}

/** The content of our own box: when the pictures of a minute were taken, and of which chunks it was made. */
export interface CaptureRecord {
  /** In the order of the samples. */
  spans: CaptureSpan[];
  chunks: MergedChunk[];
  /**
   * The time range that is shown, µs since the Unix epoch, when it is not from the first picture to the end of the last
   * span.
   */
  shown?: { firstUs: number; endUs: number };
}

/** The extended type of our box (ISO/IEC 14496-12 §11.1); docs/mp4.md describes its content. */
const CAPTURE_RECORD_UUID = Buffer.from("c3f1a6d27e0b4d5f9a418e2d5b7790c4", "hex");
const VERSION = 1;
const NO_ORIGIN = 0xffff;

/** The `uuid` box of a capture record. */
export function writeCaptureRecord(record: CaptureRecord): Buffer {
  const origins: string[] = [];
  const originIndex = (origin: ChunkOrigin | undefined): Buffer => {
    if (origin === undefined) return uint16(NO_ORIGIN);
    const text = JSON.stringify(origin);
    const known = origins.indexOf(text);
    return uint16(known === -1 ? origins.push(text) - 1 : known);
  };
  const spans = record.spans.map((span) =>
    Buffer.concat([uint32(span.sampleCount), uint64(span.firstCaptureTimeUs, span.endUs), originIndex(span.origin)]),
  );
  const chunks = record.chunks.map((chunk) =>
    Buffer.concat([uint64(chunk.openedUs), uint32(chunk.sampleCount), originIndex(chunk.origin)]),
  );
  const texts = origins.map((text) => Buffer.concat([uint16(Buffer.byteLength(text)), Buffer.from(text)]));
  return box(
    "uuid",
    CAPTURE_RECORD_UUID,
    uint32(VERSION << 24),
    uint64(
      record.shown?.firstUs ?? record.spans[0]?.firstCaptureTimeUs ?? 0,
      record.shown?.endUs ?? record.spans.at(-1)?.endUs ?? 0,
    ),
    uint16(texts.length),
    ...texts,
    uint32(spans.length),
    ...spans,
    uint32(chunks.length),
    ...chunks,
  );
}

/** The capture record among the boxes of a `moov`, or undefined when there is none. Throws Mp4Error. */
export function readCaptureRecord(bytes: Buffer, boxes: FoundBox[]): CaptureRecord | undefined {
  const found = boxes.find(
    ({ type, start }) => type === "uuid" && bytes.subarray(start, start + 16).equals(CAPTURE_RECORD_UUID),
  );
  if (found === undefined) return undefined;
  const fields = new FieldReader(bytes, found);
  fields.skip(CAPTURE_RECORD_UUID.length);
  const version = fields.uint8();
  if (version !== VERSION) {
    throw new LaterVersionError(
      `a capture record of version ${version}, which only a later version of Hindsight knows`,
    );
  }
  fields.skip(3 + 16);
  const origins: (ChunkOrigin | undefined)[] = [];
  for (let left = fields.uint16(); left > 0; left--) {
    origins.push(parseOrigin(fields.bytes(fields.uint16()).toString("utf8")));
  }
  const origin = (): { origin?: ChunkOrigin } => {
    const known = origins[fields.uint16()];
    return known === undefined ? {} : { origin: known };
  };
  const spans: CaptureSpan[] = [];
  for (let left = fields.count(22); left > 0; left--) {
    const sampleCount = fields.uint32();
    const firstCaptureTimeUs = fields.uint64();
    const endUs = fields.uint64();
    spans.push({ sampleCount, firstCaptureTimeUs, endUs, ...origin() });
  }
  const chunks: MergedChunk[] = [];
  for (let left = fields.count(14); left > 0; left--) {
    const openedUs = fields.uint64();
    chunks.push({ openedUs, sampleCount: fields.uint32(), ...origin() });
  }
  return { spans, chunks };
}
