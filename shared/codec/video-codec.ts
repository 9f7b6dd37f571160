import type { Size } from "./display-size.ts";
import type { PictureFormat } from "./picture-format.ts";

/**
 * Whether a decoder can begin at a picture. `clean`: the picture and all that follow in decode order can be decoded
 * (IDR). `leading`: all but those pictures that follow it in decode order and are shown before it (CRA of H.265). A
 * recording, a minute and a GOP begin at either.
 */
export type RandomAccess = "none" | "clean" | "leading";

/**
 * All that the system knows of a video codec whose access units consist of NAL units. There is one object for each
 * codec, in the folder of its name; the rest of the system finds it through `video-codecs.ts`. docs/design/codecs.md
 * describes how to add one.
 */
export interface VideoCodec {
  /** Name to show to people, such as `H.264`. */
  readonly name: string;
  /** The number of the codec in chunks (kind of block) and in live messages (version); 0 to 253. */
  readonly blockKind: number;
  /** Type of its sample entry (ISO/IEC 14496-15), the first part of its RFC 6381 string. */
  readonly sampleEntryType: string;
  /** Type of the box in the sample entry that holds the configuration. */
  readonly configurationBoxType: string;
  /** Brands that files with this codec list, in addition to those of all files (ISO/IEC 14496-12 §4.3). */
  readonly fileBrands: readonly string[];
  /** ffmpeg's name for a raw stream of access units (its `-f`). */
  readonly ffmpegFormat: string;
  /** An access unit delimiter behind its start code: it tells a parser that the picture before it is complete. */
  readonly delimiter: Buffer;

  /**
   * The random access type of an access unit as it is stored in a chunk. `head` is its beginning, or all of it
   * (`isWhole`). Undefined when more bytes are needed; "not Annex B" when it does not begin with a start code of four
   * bytes.
   */
  randomAccessOf(head: Buffer, isWhole: boolean): RandomAccess | "not Annex B" | undefined;
  /** The random access type of an access unit, from its NAL units. */
  randomAccessOfNals(nals: readonly Buffer[]): RandomAccess;

  /** Views of the NAL units of an access unit of a chunk, including one that a recorder would not write. */
  splitAccessUnit(unit: Buffer): Buffer[];
  /**
   * Turns an access unit of a chunk into a sample of an mp4, in place and without changing its size: the start codes
   * become the lengths of the NAL units (four bytes each). A three-byte start code counts as bytes of the NAL unit that
   * holds it: it has no room for a length, and a recorder writes none between NAL units. Throws RangeError when `unit`
   * does not begin with a start code of four bytes.
   */
  startCodesToLengths(unit: Buffer): void;

  /** The configuration from the parameter sets among NAL units. Undefined when some are missing or damaged. */
  configurationOf(nals: readonly Buffer[]): VideoConfiguration | undefined;
  /**
   * The configuration of a file, from the content of its configuration box, which is kept unchanged. Undefined when the
   * content is damaged.
   */
  readConfiguration(boxContent: Buffer, size: Size): VideoConfiguration | undefined;
  /**
   * What the first parameter sets of a configuration say about how pictures are shown; empty where they are damaged.
   */
  pictureFormatOf(boxContent: Buffer): PictureFormat;
  /** The parameter sets of a configuration, as NAL units; of a damaged one, those that are whole. */
  parameterSetsIn(boxContent: Buffer): Buffer[];
  /**
   * The coded sizes of pictures, before cropping, from the parameter sets among NAL units; damaged ones are left out.
   */
  codedSizesIn(nals: Iterable<Buffer>): Iterable<Size>;
  /**
   * Whether a NAL unit is an SEI that holds start codes: no picture needs it, but a decoder would be misled by them.
   */
  isOpaqueSei(nal: Buffer): boolean;
}

/** What a decoder must know before the first picture. */
export interface VideoConfiguration {
  codec: VideoCodec;
  /** Content of the box of type `codec.configurationBoxType`: the parameter sets and some of their values. */
  boxContent: Buffer;
  /** RFC 6381, such as `avc1.64001f`. */
  codecString: string;
  /** Of the coded pictures, after cropping. */
  width: number;
  height: number;
  /**
   * The shape of the pixels or the colours change later on. What a file's boxes say of these holds for the whole file,
   * so then they say nothing: players use the in-band parameter sets.
   */
  formatChanges?: boolean;
}
