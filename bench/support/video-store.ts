import { mkdir, open, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { H264 } from "../../shared/codec/h264/h264.ts";
import { splitAnnexB } from "../../shared/codec/nal-units.ts";
import type { VideoConfiguration } from "../../shared/codec/video-codec.ts";
import { StoreFiles } from "../../shared/disk/store-files.ts";
import { writeMovieHead } from "../../shared/mp4/movie-writer.ts";
import { layOutTimes, TIMESCALE } from "../../shared/mp4/sample-times.ts";
import { rememberCameraDirectory } from "../../shared/store/directories.ts";
import { minutePath } from "../../shared/store/names.ts";
import { minuteAt } from "../../shared/time/minute.ts";
import { type ClipUnit, makeClip, origin } from "../../tests/support/chunk-maker.ts";

const files = new StoreFiles();

const FRAMES = 1500;
/** A camera's clock that is slightly slow, so that durations are not all the same number of ticks. */
const FRAME_US = 40_000.3;

/** A minute of 1080p25 at 4 Mbit/s: ten seconds encoded, repeated six times. */
export class MinuteVideo {
  readonly #units: ClipUnit[];
  readonly #configuration: VideoConfiguration;
  readonly media: Buffer;

  private constructor(units: ClipUnit[], configuration: VideoConfiguration) {
    this.#units = units;
    this.#configuration = configuration;
    const samples = units.map(({ data }) => Buffer.from(data));
    for (const sample of samples) H264.startCodesToLengths(sample);
    this.media = Buffer.concat(samples);
  }

  static async make(): Promise<MinuteVideo> {
    const clip = await makeClip({ width: 1920, height: 1080, frames: 250, gop: 50, bitsPerSecond: 4_000_000 });
    const configuration = H264.configurationOf(splitAnnexB(clip[0]?.data as Buffer));
    if (configuration === undefined) throw new Error("the clip has no parameter sets");
    return new MinuteVideo(Array.from({ length: FRAMES / clip.length }, () => clip).flat(), configuration);
  }

  /** The bytes before the media of the `index`th minute after `startUs`. */
  head(startUs: number, index: number): Buffer {
    const timeOf = (frame: number) => Math.round(startUs + (index * FRAMES + frame) * FRAME_US);
    const timesUs = Float64Array.from(this.#units, (_, frame) => timeOf(frame));
    const span = {
      sampleCount: FRAMES,
      firstCaptureTimeUs: timeOf(0),
      endUs: timeOf(FRAMES),
      origin: origin("bench"),
    };
    const keyframes = Uint8Array.from(this.#units, ({ isKeyframe }) => Number(isKeyframe));
    return writeMovieHead({
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
      record: { spans: [span], chunks: [] },
    });
  }
}

/**
 * Writes a number of minutes of a camera from `startUs` on. With `isSparse` the media are holes, which read as zeros,
 * for uses that do not read them. Returns the paths.
 */
export async function writeMinutes(
  root: string,
  camera: string,
  video: MinuteVideo,
  startUs: number,
  minutes: number,
  isSparse: boolean,
): Promise<string[]> {
  const directory = join(root, camera);
  await rememberCameraDirectory(files, root, { camera, directory });
  const paths: string[] = [];
  for (let index = 0; index < minutes; index++) {
    const path = minutePath(directory, camera, minuteAt(startUs + index * 60_000_000), "mp4");
    paths.push(path);
    await mkdir(dirname(path), { recursive: true });
    const head = video.head(startUs, index);
    await writeFile(path, isSparse ? head : Buffer.concat([head, video.media]));
    if (!isSparse) continue;
    const file = await open(path, "r+");
    await file.truncate(head.length + video.media.length);
    await file.close();
  }
  return paths;
}
