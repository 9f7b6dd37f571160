import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ClipError, PACKETS_FILE, STREAM_FILE } from "./clip-builder.ts";
import type { ClipParameters } from "./clip-parameters.ts";
import { NAL_AUD, NAL_IDR, NAL_PPS, NAL_SEI, NAL_SPS, nalType, splitAnnexB } from "./h264.ts";

/** One access unit of a clip, in decode order. */
export interface ClipFrame {
  keyframe: boolean;
  /** Index in presentation order within the clip, from 0. */
  displayIndex: number;
  /** Only the slices: parameter sets, SEI and delimiters are added when the frame is sent. */
  slices: Buffer[];
}

/** A clip in memory. Its GOPs are closed, so it can be looped, and started at every keyframe. */
export interface Clip {
  parameters: ClipParameters;
  sps: Buffer;
  pps: Buffer;
  frames: ClipFrame[];
  /** The number of frames by which sending must at least lag behind capture: 0 without B-frames. */
  reorderFrames: number;
}

/**
 * Loads a clip that the builder made.
 * @throws {ClipError} when the folder does not contain one.
 */
export async function loadClip(folder: string, parameters: ClipParameters): Promise<Clip> {
  const stream = await readFile(join(folder, STREAM_FILE));
  const packets = parsePackets(await readFile(join(folder, PACKETS_FILE), "utf8"));
  let sps: Buffer | undefined;
  let pps: Buffer | undefined;
  let offset = 0;
  const firstPts = Math.min(...packets.map((packet) => packet.pts));
  const frames = packets.map(({ pts, size }): ClipFrame => {
    const nals = splitAnnexB(stream.subarray(offset, offset + size));
    offset += size;
    sps ??= nals.find((nal) => nalType(nal) === NAL_SPS);
    pps ??= nals.find((nal) => nalType(nal) === NAL_PPS);
    return {
      keyframe: nals.some((nal) => nalType(nal) === NAL_IDR),
      displayIndex: pts - firstPts,
      slices: nals.filter((nal) => ![NAL_SPS, NAL_PPS, NAL_SEI, NAL_AUD].includes(nalType(nal))),
    };
  });
  if (!sps || !pps || !frames[0]?.keyframe || offset !== stream.length) {
    throw new ClipError(`${folder} holds no whole clip: remove it, and it is made again`);
  }
  const reorderFrames = Math.max(...frames.map((frame, index) => frame.displayIndex - index));
  return { parameters, sps, pps, frames, reorderFrames };
}

/** Parses ffmpeg's framecrc lines: "stream, dts, pts, duration, size, crc"; the time base is one frame. */
function parsePackets(text: string): { pts: number; size: number }[] {
  return text
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => {
      const fields = line.split(",").map((field) => Number.parseInt(field, 10));
      return { pts: fields[2] ?? 0, size: fields[4] ?? 0 };
    });
}
