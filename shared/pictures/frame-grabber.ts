import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import ffmpeg from "fluent-ffmpeg";
import { writeMovieHead } from "../mp4/movie-writer.ts";
import { layOutTimes, TIMESCALE } from "../mp4/sample-times.ts";
import type { VideoTrack } from "../mp4/track.ts";
import { type LimitedFfmpeg, limitFfmpeg } from "../process/ffmpeg-limits.ts";
import { FfmpegUnusableError } from "./ffmpeg-unusable-error.ts";
import type { Keyframe } from "./keyframe.ts";
import { pictureFilter } from "./picture-filter.ts";

/** Where ffmpeg is, and its limits. */
export interface FrameGrabberOptions {
  ffmpegPath: string;
  timeoutMs: number;
  /** Maximum pixels of a picture; ffmpeg's memory limit depends on it. */
  maxPixels: number;
}

const US_PER_PICTURE = 1_000_000;
/**
 * With the standard Huffman tables: tables of a picture's own would make it a tenth smaller, but take a fifth of the
 * encoder's time.
 */
const JPEG_QUALITY = ["-q:v", "3", "-huffman", "default"];
/** Everything in one thread; picture files are named by time stamp instead of a running number. */
const OUTPUT_OPTIONS = ["-fps_mode", "passthrough", "-frame_pts", "1", "-threads", "1", "-filter_threads", "1"];
const PIXEL_OPTIONS = ["-pix_fmt", "yuvj420p", "-f", "image2"];
const JPEG_END = Buffer.from([0xff, 0xd9]);
const MACHINE_TROUBLE = /No space left on device|Permission denied|Too many open files/;
/**
 * ffmpeg also says this when a picture needs more memory than its limit. Whether the machine is to blame is decided by
 * decoding ffmpeg's own test source.
 */
const OUT_OF_MEMORY = /Cannot allocate memory/;
/** Exit codes of env(1) and prlimit(1) when they cannot start a program. */
const NOT_STARTED = /code 12[67]\b/;
const TOO_OLD = /Unrecognized option|Option \S+ not found|Unknown encoder|Unknown input format/;

/**
 * Makes JPEG pictures of keyframes. The only module that uses fluent-ffmpeg (archived by its author), so that it can be
 * replaced.
 */
export class FrameGrabber {
  readonly #options: FrameGrabberOptions;
  /** False once the zscale filter has failed: not every ffmpeg has it, and it does not accept every picture (RGB). */
  #hasZscale = true;

  constructor(options: FrameGrabberOptions) {
    this.#options = options;
  }

  /**
   * Decodes keyframes of one configuration with one ffmpeg process. Each gets a time stamp of a whole second and comes
   * out in a file named by that second, so that one that cannot be decoded is missing (undefined) without shifting the
   * others. With `isLenient`, damage is concealed as far as ffmpeg can. Throws FfmpegUnusableError when ffmpeg itself
   * or the machine is to blame.
   */
  async grab(keyframes: readonly Keyframe[], isLenient = false): Promise<(Buffer | undefined)[]> {
    const folder = await mkdtemp(join(tmpdir(), "hindsight-frames-"));
    try {
      const withZscale = this.#hasZscale;
      const limited = this.#limited();
      const command = this.#command(keyframes, isLenient, withZscale, folder, limited);
      const { failure, stderr } = await this.#run(command, limited);
      const pictures = await Promise.all(keyframes.map((_, second) => readPicture(join(folder, `${second}.jpg`))));
      if (withZscale && pictures.includes(undefined) && /zscale/.test(stderr)) {
        this.#hasZscale = false;
        return await this.grab(keyframes, isLenient);
      }
      if (failure !== undefined && pictures.every((picture) => picture === undefined)) await this.#test(folder);
      return pictures;
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  #limited(): LimitedFfmpeg {
    return limitFfmpeg(this.#options.ffmpegPath, this.#options.maxPixels);
  }

  #command(
    keyframes: readonly Keyframe[],
    isLenient: boolean,
    withZscale: boolean,
    folder: string,
    { inputOptions }: LimitedFfmpeg,
  ) {
    const filter = pictureFilter((keyframes[0] as Keyframe).configuration, withZscale);
    return ffmpeg(Readable.from([movieOf(keyframes)], { objectMode: false }))
      .inputOptions([...inputOptions, "-threads", "1", ...(isLenient ? [] : ["-err_detect", "explode"]), "-f", "mov"])
      .outputOptions([...OUTPUT_OPTIONS, ...filter, ...JPEG_QUALITY, ...PIXEL_OPTIONS])
      .output(join(folder, "%d.jpg"));
  }

  /** Verifies that ffmpeg exists and works. Throws FfmpegUnusableError, and the errors of mkdtemp(3). */
  async check(): Promise<void> {
    const folder = await mkdtemp(join(tmpdir(), "hindsight-frames-"));
    try {
      await this.#test(folder);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  /** Verifies that ffmpeg can make a picture now. Throws FfmpegUnusableError. */
  async #test(folder: string): Promise<void> {
    const path = join(folder, "test.jpg");
    const command = ffmpeg("testsrc=size=640x360")
      .inputOptions(["-f", "lavfi"])
      .outputOptions([...OUTPUT_OPTIONS, ...JPEG_QUALITY, ...PIXEL_OPTIONS, "-frames:v", "1", "-update", "1"])
      .output(path);
    const { failure, stderr } = await this.#run(command, this.#limited());
    if ((await readPicture(path)) !== undefined) return;
    if (OUT_OF_MEMORY.test(stderr)) throw new FfmpegUnusableError("ffmpeg reports: Cannot allocate memory");
    throw new FfmpegUnusableError(`ffmpeg makes no picture even of its own test source: ${failure ?? "no output"}`);
  }

  /** Runs a command to its end. Returns ffmpeg's stderr and, if it failed, the reason. Throws FfmpegUnusableError. */
  #run(command: ffmpeg.FfmpegCommand, limited: LimitedFfmpeg): Promise<{ failure?: string; stderr: string }> {
    const { ffmpegPath, timeoutMs } = this.#options;
    return new Promise((resolve, reject) => {
      let isOver = false;
      const timer = setTimeout(() => {
        isOver = true;
        command.kill("SIGKILL");
        resolve({ failure: `ffmpeg was killed: it took longer than ${timeoutMs} ms`, stderr: "" });
      }, timeoutMs);
      const end = (stderr: string, error?: Error) => {
        clearTimeout(timer);
        if (isOver) return;
        isOver = true;
        if (error === undefined) return resolve({ stderr });
        const trouble = machineTrouble(error, stderr, ffmpegPath);
        if (trouble === undefined) resolve({ failure: error.message, stderr });
        else reject(trouble);
      };
      command.setFfmpegPath(limited.command);
      askNothingBefore(command);
      startLimited(command, limited);
      command.on("end", (_stdout?: string | null, stderr?: string | null) => end(stderr ?? ""));
      command.on("error", (error: Error, _stdout?: string | null, stderr?: string | null) => end(stderr ?? "", error));
      command.run();
    });
  }
}

type End = (error?: Error | null, stdout?: Lines, stderr?: Lines) => void;
type Lines = { get(): string };
const NO_LINES: Lines = { get: () => "" };

/**
 * Before each command, fluent-ffmpeg queries ffmpeg's capabilities with two processes that it never ends: an ffmpeg
 * that hangs would leave two more at each attempt. This skips the queries; if ffmpeg lacks something, the command
 * itself fails.
 */
function askNothingBefore(command: ffmpeg.FfmpegCommand): void {
  const patched = command as unknown as Record<string, (answer: (error: null, found?: object) => void) => void>;
  patched._checkCapabilities = (answer) => answer(null);
  patched.availableEncoders = (answer) => answer(null, {});
}

/**
 * Starts ffmpeg with its limits, which fluent-ffmpeg does not support. Also works around a bug: when a program that was
 * found before cannot be started, fluent-ffmpeg 2.1.3 reads output that does not exist and throws where nobody can
 * catch it, which ends the process. Here it gets empty output.
 */
function startLimited(command: ffmpeg.FfmpegCommand, { args, env }: LimitedFfmpeg): void {
  const patched = command as unknown as { _spawnFfmpeg(...parameters: unknown[]): void };
  const start = patched._spawnFfmpeg.bind(command);
  patched._spawnFfmpeg = (...parameters) => {
    const [own, options, started, end] = parameters as [string[], object, unknown, End];
    start([...args, ...own], { ...options, env }, started, (error?: Error | null, stdout?: Lines, stderr?: Lines) =>
      end(error, stdout ?? NO_LINES, stderr ?? NO_LINES),
    );
  };
}

function machineTrouble(error: Error, stderr: string, ffmpegPath: string): FfmpegUnusableError | undefined {
  const { message } = error;
  const options = { cause: error };
  if (/ENOENT|EACCES|Cannot find ffmpeg/.test(message) || NOT_STARTED.test(message)) {
    return new FfmpegUnusableError(
      `there is no ffmpeg at "${ffmpegPath}": install it, or set converter.ffmpegPath`,
      options,
    );
  }
  if (TOO_OLD.test(stderr) || TOO_OLD.test(message)) {
    return new FfmpegUnusableError(`ffmpeg at "${ffmpegPath}" is too old: version 5.1 or later is needed`, options);
  }
  const problem = MACHINE_TROUBLE.exec(stderr)?.[0];
  if (problem !== undefined) return new FfmpegUnusableError(`ffmpeg reports: ${problem}: see to ${tmpdir()}`, options);
  if (/killed with signal (SIGKILL|SIGTERM|SIGINT|SIGHUP)/.test(message)) {
    return new FfmpegUnusableError(`${message}, from outside: is the machine short of memory?`, options);
  }
  return undefined;
}

function movieOf(keyframes: readonly Keyframe[]): Buffer {
  const count = keyframes.length;
  const { configuration } = keyframes[0] as Keyframe;
  const spans = [{ sampleCount: count, firstCaptureTimeUs: 0, endUs: count * US_PER_PICTURE }];
  const timesUs = Float64Array.from({ length: count }, (_, second) => second * US_PER_PICTURE);
  const track: VideoTrack = {
    kind: "video",
    configuration,
    timescale: TIMESCALE,
    ...layOutTimes(spans, timesUs, new Uint8Array(count).fill(1)),
    sizes: Uint32Array.from(keyframes, ({ sample }) => sample.length),
    keyframes: Uint32Array.from({ length: count }, (_, index) => index),
  };
  const head = writeMovieHead({ tracks: [track], record: { spans, chunks: [] } });
  return Buffer.concat([head, ...keyframes.map(({ sample }) => sample)]);
}

async function readPicture(path: string): Promise<Buffer | undefined> {
  try {
    const picture = await readFile(path);
    return picture.subarray(-JPEG_END.length).equals(JPEG_END) ? picture : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
