import { H264 } from "../../shared/codec/h264/h264.ts";
import { splitAnnexB } from "../../shared/codec/nal-units.ts";
import type { VideoConfiguration } from "../../shared/codec/video-codec.ts";
import { writeMovieHead } from "../../shared/mp4/movie-writer.ts";
import { layOutTimes, TIMESCALE } from "../../shared/mp4/sample-times.ts";
import { atPace, type ClipUnit, origin } from "./chunk-maker.ts";

/**
 * Makes minutes' mp4s as a converter does, all with the same pictures: the media data are prepared once, each minute
 * gets its own index.
 */
export class MinuteMaker {
  readonly #units: readonly ClipUnit[];
  readonly #framesPerSecond: number;
  readonly #configuration: VideoConfiguration;
  readonly #media: Buffer;

  constructor(units: readonly ClipUnit[], framesPerSecond: number) {
    const configuration = H264.configurationOf(splitAnnexB(units[0]?.data as Buffer));
    if (configuration === undefined) throw new Error("the clip has no parameter sets");
    this.#units = units;
    this.#framesPerSecond = framesPerSecond;
    this.#configuration = configuration;
    const samples = units.map(({ data }) => Buffer.from(data));
    for (const sample of samples) H264.startCodesToLengths(sample);
    this.#media = Buffer.concat(samples);
  }

  /** The file of a minute whose first picture was taken at `startUs`, µs since the Unix epoch. */
  file(startUs: number): Buffer {
    const timesUs = Float64Array.from(atPace(this.#units, startUs, this.#framesPerSecond), ({ timeUs }) => timeUs);
    const span = {
      sampleCount: timesUs.length,
      firstCaptureTimeUs: startUs,
      endUs: startUs + (timesUs.length * 1e6) / this.#framesPerSecond,
      origin: origin("r"),
    };
    const keyframes = Uint8Array.from(this.#units, ({ isKeyframe }) => Number(isKeyframe));
    const head = writeMovieHead({
      tracks: [
        {
          kind: "video",
          configuration: this.#configuration,
          timescale: TIMESCALE,
          ...layOutTimes([span], timesUs, keyframes),
          sizes: Uint32Array.from(this.#units, ({ data }) => data.length),
          keyframes: Uint32Array.from(keyframes.keys()).filter((i) => keyframes[i] === 1),
        },
      ],
      record: { spans: [span], chunks: [{ openedUs: startUs, sampleCount: timesUs.length, origin: origin("r") }] },
    });
    return Buffer.concat([head, this.#media]);
  }
}
