import type { VideoCodec } from "../video-codec.ts";
import { splitAccessUnit } from "./access-unit.ts";
import { configurationOf, parameterSetsIn, pictureFormatOf, readConfiguration } from "./avc-configuration.ts";
import { codedSizesIn, isOpaqueSei } from "./decoding.ts";
import { randomAccessOf, randomAccessOfNals } from "./random-access.ts";
import { startCodesToLengths } from "./start-codes.ts";

/** H.264 (AVC): ITU-T H.264, and ISO/IEC 14496-15 §5 for its storage in files. */
export const H264: VideoCodec = {
  name: "H.264",
  blockKind: 0,
  sampleEntryType: "avc1",
  configurationBoxType: "avcC",
  fileBrands: ["avc1"],
  ffmpegFormat: "h264",
  delimiter: Buffer.from([0, 0, 0, 1, 9, 0xf0]),
  randomAccessOf,
  randomAccessOfNals,
  splitAccessUnit,
  startCodesToLengths,
  configurationOf: (nals) => configurationOf(H264, nals),
  readConfiguration: (boxContent, size) => readConfiguration(H264, boxContent, size),
  pictureFormatOf,
  parameterSetsIn,
  codedSizesIn,
  isOpaqueSei,
};
