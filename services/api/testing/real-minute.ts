import { H264 } from "../../../shared/codec/h264/h264.ts";
import { joinWithLengths, splitAnnexB } from "../../../shared/codec/nal-units.ts";
import { writeMovieHead } from "../../../shared/mp4/movie-writer.ts";
import { layOutTimes, TIMESCALE } from "../../../shared/mp4/sample-times.ts";
import { type Minute, minuteStartUs } from "../../../shared/time/minute.ts";
import { atPace, type ClipOptions, makeClip, origin } from "../../../tests/support/chunk-maker.ts";

/** A minute's mp4 as a converter makes it, from a clip that ffmpeg encoded (a few frames from the minute's start). */
export async function realMinute(minute: Minute, options: ClipOptions = {}): Promise<Buffer> {
  const startUs = minuteStartUs(minute) as number;
  const framesPerSecond = options.framesPerSecond ?? 25;
  const clip = await makeClip(options);
  const units = atPace(clip, startUs, framesPerSecond);
  const configuration = H264.configurationOf(splitAnnexB(units[0]?.data as Buffer));
  if (configuration === undefined) throw new Error("the clip has no parameter sets");
  const samples = units.map(({ data }) => joinWithLengths(splitAnnexB(data)));
  const timesUs = Float64Array.from(units, ({ timeUs }) => timeUs);
  const endUs = Math.max(...timesUs) + 1e6 / framesPerSecond;
  const record = {
    spans: [{ sampleCount: units.length, firstCaptureTimeUs: startUs, endUs, origin: origin("r") }],
    chunks: [{ openedUs: startUs, sampleCount: units.length, origin: origin("r") }],
  };
  const flags = Uint8Array.from(clip, ({ isKeyframe }) => Number(isKeyframe));
  const head = writeMovieHead({
    tracks: [
      {
        kind: "video",
        configuration,
        timescale: TIMESCALE,
        ...layOutTimes(record.spans, timesUs, flags),
        sizes: Uint32Array.from(samples, ({ length }) => length),
        keyframes: Uint32Array.from(clip.flatMap(({ isKeyframe }, i) => (isKeyframe ? [i] : []))),
      },
    ],
    record,
  });
  return Buffer.concat([head, ...samples]);
}
