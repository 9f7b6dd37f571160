import { expect, test } from "vitest";
import { type FoundPacket, foreignMovie, packetsOf } from "../../tests/support/foreign-movie.ts";
import { LaterVersionError } from "./box-reader.ts";
import { type OtherTrack, parseMovie, parseMovieSummary, type ReadMovie, type ReadTrack } from "./movie-reader.ts";
import { writeMovieHead } from "./movie-writer.ts";
import type { Track } from "./track.ts";

// Files that ffmpeg wrote, with several tracks and with tables that we do not write, must be read as well as ours.

const START_US = 1_795_000_000_000_000;

function moovOf(file: Buffer): Buffer {
  const at = file.indexOf("moov");
  return file.subarray(at + 4, at - 4 + file.readUInt32BE(at - 4));
}

function read(file: Buffer, only?: "video"): ReadMovie {
  return parseMovie(moovOf(file), { fileBytes: file.length, ...(only && { only }) });
}

function isSampled(track: ReadTrack | OtherTrack): track is ReadTrack {
  return track.kind !== "other";
}

/**
 * The samples of a track in the form in which ffprobe reports packets, with times from the first one in decode order.
 */
function samplesOf(track: ReadTrack): FoundPacket[] {
  const keyframes = new Set(track.keyframes);
  return Array.from(track.sizes, (size, i) => {
    const dts = (track.dts[i] as number) - (track.dts[0] as number);
    const pts = dts + (track.ptsOffsets?.[i] ?? 0);
    return { pos: track.offsets[i] as number, size, pts, dts, isKeyframe: keyframes.has(i) };
  });
}

function fromStart(packets: readonly FoundPacket[]): FoundPacket[] {
  const start = packets[0]?.dts ?? 0;
  return packets.map((packet) => ({ ...packet, pts: packet.pts - start, dts: packet.dts - start }));
}

/** The bytes of a track. */
function mediaOf(file: Buffer, { offsets, sizes }: ReadTrack): Buffer {
  return Buffer.concat(Array.from(sizes, (size, i) => file.subarray(offsets[i], (offsets[i] as number) + size)));
}

test.each([
  ["first", ["sound", "video"]],
  ["second", ["video", "sound"]],
] as const)("a file with AAC as its %s track has each sample where ffprobe finds it", (_, maps) => {
  const file = foreignMovie({ startUs: START_US, maps });
  const { tracks, video, record } = read(file);
  expect(tracks.map(({ kind }) => kind)).toEqual(maps.map((kind) => (kind === "sound" ? "audio" : "video")));
  expect(tracks).toContain(video);
  expect(tracks.filter(isSampled).map(samplesOf)).toEqual(packetsOf(file).map(fromStart));
  expect(record.spans[0]?.firstCaptureTimeUs).toBe(START_US);
  expect(video.configuration).toMatchObject({ width: 320, height: 192 });
  const { configuration, durationTicks } = video;
  expect(parseMovieSummary(moovOf(file))).toEqual({ configuration, durationTicks, record });
});

test("only the video is read where nothing else is asked for", () => {
  const { tracks, video } = read(foreignMovie({ startUs: START_US, maps: ["sound", "video"] }), "video");
  expect(tracks).toEqual([video]);
  expect(video.kind).toBe("video");
});

test("PCM, whose samples are all of one size and all sync samples, is read to its last byte", () => {
  const file = foreignMovie({ startUs: START_US, format: "mov", sound: "pcm_s16le" });
  const [, sound] = read(file).tracks;
  if (sound?.kind !== "audio") throw new Error("no sound");
  expect(sound.timescale).toBe(44_100);
  expect(new Set(sound.sizes)).toEqual(new Set([2]));
  expect(sound.keyframes).toEqual(sound.sizes.map((_, i) => i));
  const [, packets] = packetsOf(file);
  const media = Buffer.concat(packets?.map(({ pos, size }) => file.subarray(pos, pos + size)) ?? []);
  expect(mediaOf(file, sound).equals(media)).toBe(true);
  expect(media.length).toBe(2 * 88_200);
});

test("pictures that are all keyframes need no list of them", () => {
  const file = foreignMovie({ startUs: START_US, maps: ["video"], more: ["-g", "1", "-bf", "0"] });
  expect(file.includes("stss")).toBe(false);
  const { video } = read(file);
  expect(samplesOf(video)).toEqual(packetsOf(file).map(fromStart)[0]);
  expect(video.keyframes).toHaveLength(50);
});

test("a track of neither pictures nor sound is told, and the video served", () => {
  const timecode = ["-timecode", "00:00:00:00"];
  const { tracks, video } = read(foreignMovie({ startUs: START_US, format: "mov", maps: ["video"], more: timecode }));
  expect(tracks).toEqual([video, { kind: "other", handler: "tmcd" }]);
});

test("a second video track is left for a later version", () => {
  const file = foreignMovie({ startUs: START_US, maps: ["video", "video"] });
  expect(() => read(file)).toThrow(LaterVersionError);
  expect(read(file, "video").video.sizes).toHaveLength(50);
});

test("samples that would have more bytes than the file are damage, before memory is taken for them", () => {
  const file = foreignMovie({ startUs: START_US, format: "mov", sound: "pcm_s16le" });
  const at = file.lastIndexOf("stsz") + 4;
  expect([file.readUInt32BE(at + 4), file.readUInt32BE(at + 8)]).toEqual([2, 88_200]);
  file.writeUInt32BE(3_999_999, at + 8);
  expect(() => read(file)).toThrow("more than there is");
});

test("video and sound that were read are written again as two tracks, which ffprobe finds whole", () => {
  const file = foreignMovie({ startUs: START_US, maps: ["sound", "video"] });
  const { tracks, record } = read(file);
  const sampled = tracks.filter(isSampled);
  const head = writeMovieHead({ tracks: sampled as Track[], record });
  const copy = Buffer.concat([head, ...sampled.map((track) => mediaOf(file, track))]);
  const again = read(copy);
  expect(again.tracks.filter(isSampled).map(samplesOf)).toEqual(packetsOf(copy).map(fromStart));
  const withoutPlace = (track: ReadTrack) => samplesOf(track).map(({ pos: _, ...sample }) => sample);
  expect(again.tracks.filter(isSampled).map(withoutPlace)).toEqual(sampled.map(withoutPlace));
  expect(again.record).toEqual(record);
  for (const [i, track] of again.tracks.filter(isSampled).entries()) {
    expect(mediaOf(copy, track).equals(mediaOf(file, sampled[i] as ReadTrack))).toBe(true);
  }
});
