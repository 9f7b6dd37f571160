import { type AvcConfiguration, parameterSetsOf } from "./avc-configuration.ts";
import { boxOf, FieldReader, type FoundBox, LaterVersionError, Mp4Error, readBoxes } from "./box-reader.ts";
import { type CaptureRecord, readCaptureRecord } from "./capture-record.ts";
import type { Movie } from "./movie-writer.ts";
import { readSampleTable, type SampleExtent } from "./sample-table-reader.ts";
import { TIMESCALE } from "./sample-times.ts";

/** A movie that was read, with where its samples lie in the file. */
export interface ReadMovie extends Movie {
  /** Offset of each sample in the file. */
  offsets: Float64Array;
  extent: SampleExtent;
}

/** What the beginning of a movie's index tells without its sample tables. */
export interface MovieSummary {
  configuration: AvcConfiguration;
  durationTicks: number;
  record: CaptureRecord;
}

/** Sample entries of H.265 and AV1; any other is damage. */
const OTHER_CODECS: ReadonlySet<string> = new Set(["hvc1", "hev1", "av01"]);

/** A file whose pictures are of another codec than H.264; the message tells which. */
export class OtherCodecError extends LaterVersionError {
  override name = "OtherCodecError";
  /** Type of the sample entry, such as `hvc1`. */
  readonly codec: string;
  /** When its pictures were taken, where that is known. */
  record: CaptureRecord | undefined;

  constructor(codec: string) {
    super(`a sample entry "${codec}", not "avc1"`);
    this.codec = codec;
  }
}

/**
 * Reads the content of a `moov` box that `writeMovieHead` wrote. Throws Mp4Error when it is damaged, and when it is
 * somebody else's: another timescale, no capture record, no video track. Throws LaterVersionError for what is ours and has
 * something in it that this version does not know: OtherCodecError when that is a codec other than H.264.
 */
export function parseMovie(moov: Buffer): ReadMovie {
  const boxes = readBoxes(moov);
  const record = readCaptureRecord(moov, boxes);
  if (record === undefined) throw new Mp4Error("no capture record: this file was not written by Hindsight");
  const media = mediaOrCodec(moov, boxes, record);
  const table = readSampleTable(moov, media.sampleTable, media.durationTicks);
  const counted = record.spans.reduce((sum, span) => sum + span.sampleCount, 0);
  if (counted !== table.sizes.length) {
    throw new Mp4Error(`the capture record counts ${counted} samples, the sample tables ${table.sizes.length}`);
  }
  return { ...media.configuration, ...table, durationTicks: media.durationTicks, record };
}

/**
 * Reads what stands before the sample tables, from the first bytes of a `moov` box's content: 1 kB of them will mostly do.
 * Throws Mp4Error, also when the bytes end too early.
 */
export function parseMovieSummary(head: Buffer): MovieSummary {
  const boxes = readBoxes(head, 0, head.length, true);
  const record = readCaptureRecord(head, boxes);
  if (record === undefined) throw new Mp4Error("no capture record at the start of the index");
  const { configuration, durationTicks } = mediaOf(head, boxes, true);
  return { configuration, durationTicks, record };
}

function mediaOrCodec(moov: Buffer, boxes: FoundBox[], record: CaptureRecord): Media {
  try {
    return mediaOf(moov, boxes, false);
  } catch (error) {
    if (error instanceof OtherCodecError) error.record = record;
    throw error;
  }
}

interface Media {
  configuration: AvcConfiguration;
  durationTicks: number;
  sampleTable: FoundBox[];
}

function mediaOf(moov: Buffer, boxes: FoundBox[], mayBeCut: boolean): Media {
  const inside = (found: FoundBox) => readBoxes(moov, found.start, found.end, mayBeCut);
  if (boxes.filter(({ type }) => type === "trak").length > 1)
    throw new LaterVersionError("more than one track, as only a later version of Hindsight writes");
  const media = inside(boxOf(inside(boxOf(boxes, "trak")), "mdia"));
  const durationTicks = readDuration(new FieldReader(moov, boxOf(media, "mdhd")));
  const sampleTable = inside(boxOf(inside(boxOf(media, "minf")), "stbl"));
  return { configuration: readConfiguration(moov, boxOf(sampleTable, "stsd")), durationTicks, sampleTable };
}

function readDuration(fields: FieldReader): number {
  const isLong = fields.uint8() === 1;
  fields.skip(3 + (isLong ? 16 : 8));
  const timescale = fields.uint32();
  if (timescale !== TIMESCALE) throw new Mp4Error(`a timescale of ${timescale} ticks a second, not ${TIMESCALE}`);
  return isLong ? fields.uint64() : fields.uint32();
}

function readConfiguration(moov: Buffer, stsd: FoundBox): AvcConfiguration {
  const [entry] = readBoxes(moov, stsd.start + 8, stsd.end, true);
  if (OTHER_CODECS.has(entry?.type ?? "")) throw new OtherCodecError(entry?.type as string);
  if (entry?.type !== "avc1") throw new Mp4Error(`a sample entry "${entry?.type ?? ""}", not "avc1"`);
  const fields = new FieldReader(moov, entry);
  fields.skip(24);
  const width = fields.uint16();
  const height = fields.uint16();
  fields.skip(50);
  const found = boxOf(readBoxes(moov, entry.end - fields.left, entry.end, true), "avcC");
  const avcC = Buffer.from(moov.subarray(found.start, found.end)); // a view would keep all that was read
  if (avcC.length < 7) throw new Mp4Error(`box "avcC" ends too early`);
  parameterSetsOf(avcC); // throws when they do not fit
  return { avcC, codec: `avc1.${avcC.toString("hex", 1, 4)}`, width, height };
}
