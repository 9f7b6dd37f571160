import { MovieFragments } from "../../services/api/live/movie-fragments.ts";
import { H264 } from "../../shared/codec/h264/h264.ts";
import { encodeFrame } from "../../shared/live/frame-message.ts";
import { atPace } from "../support/chunk-maker.ts";
import { type Note, sha256 } from "./answers.ts";
import { type ClipName, fixtureClip } from "./fixtures.ts";

const START_US = Date.UTC(2025, 10, 24, 14, 31) * 1000;

/** What is sent over Redis and to live viewers: B-frames, another size, and a camera whose clock was set back. */
export function liveNotes(): Record<string, Note> {
  const fragments = new MovieFragments();
  const notes: Record<string, Note> = {};
  let sequence = 0;
  const stretches: [ClipName, number][] = [
    ["b-frames", START_US],
    ["larger", START_US + 2_400_000],
    ["anamorphic", START_US - 5_000_000],
  ];
  for (const [name, startUs] of stretches) {
    const clip = fixtureClip(name);
    const messages: Buffer[] = [];
    const media: Buffer[] = [];
    const starts: unknown[] = [];
    for (const [i, { data, timeUs }] of atPace(clip, startUs).entries()) {
      const header = {
        codec: H264,
        isKeyframe: clip[i]?.isKeyframe === true,
        source: 7,
        sequence: sequence++,
        captureTimeUs: timeUs,
      };
      messages.push(encodeFrame(header, data, 0, data.length));
      const fragment = fragments.take({ ...header, data });
      if (fragment === undefined) continue;
      media.push(fragment.bytes);
      if (fragment.start === undefined) continue;
      const { configuration, startTimeUs, initializationSegment } = fragment.start;
      starts.push({
        codec: configuration.codecString,
        startTimeUs,
        initializationSegment: sha256(initializationSegment),
      });
    }
    notes[`live ${name}, over Redis`] = { messages: messages.length, sha256: sha256(Buffer.concat(messages)) };
    notes[`live ${name}, to browsers`] = { starts, fragments: media.length, sha256: sha256(Buffer.concat(media)) };
  }
  return notes;
}
