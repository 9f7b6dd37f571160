import type { VideoConfiguration } from "../codec/video-codec.ts";
import { videoCodecOfSampleEntry } from "../codec/video-codecs.ts";
import { boxOf, FieldReader, type FoundBox, LaterVersionError, Mp4Error, readBoxes } from "./box-reader.ts";
import type { CaptureRecord } from "./capture-record.ts";

/** A `trak` that was found, and the content of its headers. */
export interface FoundTrack {
  /** Handler type (ISO/IEC 14496-12 §8.4.3): `vide`, `soun`. */
  handler: string;
  /** Ticks per second. */
  timescale: number;
  durationTicks: number;
  /** The boxes in its `stbl`. */
  sampleTable: FoundBox[];
}

/** Maximum tracks; more mean damage. A limit, because each may claim samples for as many bytes as the file has. */
const MAX_TRACKS = 8;

/** Sample entries that a later version may write; any other unknown one is damage. */
const LATER_CODECS: ReadonlySet<string> = new Set(["hvc1", "hev1", "av01"]);

/** The video of a file has a codec that this version does not know; the message names it. */
export class OtherCodecError extends LaterVersionError {
  override name = "OtherCodecError";
  /** Type of the sample entry, such as `hvc1`. */
  readonly codec: string;
  /** When its pictures were taken, if known. */
  record: CaptureRecord | undefined;

  constructor(codec: string) {
    super(`a sample entry "${codec}", which only a later version of Hindsight knows`);
    this.codec = codec;
  }
}

/**
 * The tracks among the boxes of a `moov`, in their order. With `mayBeCut` the bytes may end within `moov`: tracks with
 * incomplete headers are then left out. Throws Mp4Error.
 */
export function findTracks(moov: Buffer, boxes: readonly FoundBox[], mayBeCut = false): FoundTrack[] {
  const found = boxes.filter(({ type }) => type === "trak");
  if (found.length > MAX_TRACKS) throw new Mp4Error(`${found.length} tracks`);
  const tracks: FoundTrack[] = [];
  for (const trak of found) {
    try {
      tracks.push(readTrack(moov, trak, mayBeCut));
    } catch (error) {
      if (!mayBeCut || !(error instanceof Mp4Error)) throw error;
    }
  }
  return tracks;
}

function readTrack(moov: Buffer, trak: FoundBox, mayBeCut: boolean): FoundTrack {
  const inside = (found: FoundBox) => readBoxes(moov, found.start, found.end, mayBeCut);
  const media = inside(boxOf(inside(trak), "mdia"));
  const header = new FieldReader(moov, boxOf(media, "mdhd"));
  const isLong = header.uint8() === 1;
  header.skip(3 + (isLong ? 16 : 8));
  const timescale = header.uint32();
  const durationTicks = isLong ? header.uint64() : header.uint32();
  const handler = new FieldReader(moov, boxOf(media, "hdlr"));
  handler.skip(8);
  const sampleTable = inside(boxOf(inside(boxOf(media, "minf")), "stbl"));
  return { handler: handler.bytes(4).toString("latin1"), timescale, durationTicks, sampleTable };
}

/**
 * The first sample entry of a track: the position of its content, and its bytes including its header. Throws Mp4Error.
 */
export function sampleEntryOf(moov: Buffer, { sampleTable }: FoundTrack): { entry: FoundBox; bytes: Buffer } {
  const { start, end } = boxOf(sampleTable, "stsd");
  const [entry] = readBoxes(moov, start + 8, end, true);
  if (entry === undefined) throw new Mp4Error("no sample entry");
  return { entry, bytes: moov.subarray(start + 8, entry.end) };
}

/** The configuration in the sample entry of a video track. Throws Mp4Error, and OtherCodecError. */
export function readVideoEntry(moov: Buffer, track: FoundTrack): VideoConfiguration {
  const { entry } = sampleEntryOf(moov, track);
  const codec = videoCodecOfSampleEntry(entry.type);
  if (codec === undefined && LATER_CODECS.has(entry.type)) throw new OtherCodecError(entry.type);
  if (codec === undefined) throw new Mp4Error(`a sample entry "${entry.type}", which no version knows`);
  const fields = new FieldReader(moov, entry);
  fields.skip(24);
  const width = fields.uint16();
  const height = fields.uint16();
  fields.skip(50);
  const boxType = codec.configurationBoxType;
  const found = boxOf(readBoxes(moov, entry.end - fields.left, entry.end, true), boxType);
  const boxContent = Buffer.from(moov.subarray(found.start, found.end)); // copied: a view would keep the whole index
  const configuration = codec.readConfiguration(boxContent, { width, height });
  if (configuration === undefined) throw new Mp4Error(`box "${boxType}" ends too early`);
  return configuration;
}
