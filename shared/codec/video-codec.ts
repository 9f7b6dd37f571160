import type { Size } from "./display-size.ts";
import type { PictureFormat } from "./picture-format.ts";

/**
 * Whether a decoder can begin at a picture. `clean`: it and all that follow in decode order can be decoded (IDR). `leading`:
 * so can it, but not pictures that follow it in decode order and are shown before it (CRA of H.265). A recording, a minute
 * and a GOP begin at either.
 */
export type RandomAccess = "none" | "clean" | "leading";

/**
 * All that is known of a video codec whose access units consist of NAL units. There is one object for each codec, in the folder
 * of its name; the rest of the system finds it by `video-codecs.ts` and asks it. docs/design/codecs.md tells how to add one.
 */
export interface VideoCodec {
  /** For people, such as `H.264`. */
  readonly name: string;
  /** The number that stands for it in chunks (kind of block) and in live messages (version); 0 to 253. */
  readonly blockKind: number;
  /** Type of its sample entry (ISO/IEC 14496-15), the first part of its RFC 6381 string. */
  readonly sampleEntryType: string;
  /** Type of the box in the sample entry that holds the configuration. */
  readonly configurationBoxType: string;
  /** Brands that files with it list, besides those of all files (ISO/IEC 14496-12 §4.3). */
  readonly fileBrands: readonly string[];
  /** What ffmpeg calls a bare stream of access units (its `-f`). */
  readonly ffmpegFormat: string;
  /** An access unit delimiter behind its start code: it tells a parser that the picture before it is whole. */
  readonly delimiter: Buffer;

  /**
   * How an access unit as it lies in a chunk can be begun at. `head` is its beginning, or all of it (`isWhole`). Undefined when
   * more of it is needed to tell, and "not Annex B" when it does not begin with a start code of four bytes.
   */
  randomAccessOf(head: Buffer, isWhole: boolean): RandomAccess | "not Annex B" | undefined;
  /** The same of its NAL units. */
  randomAccessOfNals(nals: readonly Buffer[]): RandomAccess;

  /** Views of the NAL units of an access unit of a chunk, also of one that a recorder would not write. */
  splitAccessUnit(unit: Buffer): Buffer[];
  /**
   * Makes a sample of an mp4 out of an access unit of a chunk, where it stands and without changing its size: the start codes
   * become the lengths of the NAL units (four bytes each). A start code of three bytes, which has no room for a length and
   * which no recorder writes between NAL units, counts as bytes of the NAL unit in which it stands. Throws RangeError when
   * `unit` does not begin with a start code of four bytes.
   */
  startCodesToLengths(unit: Buffer): void;

  /** The configuration that the parameter sets among NAL units give. Undefined when they are not all there, or damaged. */
  configurationOf(nals: readonly Buffer[]): VideoConfiguration | undefined;
  /** The configuration that a file tells of; undefined when the content of its box is damaged. The content is kept as it is. */
  readConfiguration(boxContent: Buffer, size: Size): VideoConfiguration | undefined;
  /** What the configuration's first parameter sets say of how pictures are shown; nothing where they are damaged. */
  pictureFormatOf(boxContent: Buffer): PictureFormat;
  /** The parameter sets of a configuration, as NAL units; those that are whole where it is damaged. */
  parameterSetsIn(boxContent: Buffer): Buffer[];
  /** The sizes of pictures, as they are coded and before cropping, of which parameter sets among NAL units tell; damaged ones tell nothing. */
  codedSizesIn(nals: Iterable<Buffer>): Iterable<Size>;
  /** Whether a NAL unit is one that no picture needs, and in which a decoder would find start codes. */
  isOpaqueSei(nal: Buffer): boolean;
}

/** What a decoder must know before the first picture. */
export interface VideoConfiguration {
  codec: VideoCodec;
  /** What `codec.configurationBoxType` holds in a file: the parameter sets and what they say of themselves. */
  boxContent: Buffer;
  /** RFC 6381, such as `avc1.64001f`. */
  codecString: string;
  /** Of the pictures as they are coded, after cropping. */
  width: number;
  height: number;
  /**
   * Further on pixels have another shape, or other colours. What a file's boxes say of them holds for all of it, so they say
   * nothing then: players go by the parameter sets that are in band.
   */
  formatChanges?: boolean;
}
