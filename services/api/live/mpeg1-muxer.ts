import type { ChildProcessWithoutNullStreams } from "node:child_process";
import Mpeg1Muxer from "node-rtsp-stream/mpeg1muxer.js";
import { MOST_STRETCH } from "../../../shared/codec/display-size.ts";
import { limitFfmpeg } from "../../../shared/process/ffmpeg-limits.ts";

/** Of what comes on stdin: decoded without waiting for frames that may never come. */
const inputOptions = (format: string) => [
  ..."-hide_banner -loglevel error -nostats".split(" "),
  ..."-fflags nobuffer -flags low_delay -threads 1 -probesize 4096 -fpsprobesize 0 -analyzeduration 0".split(" "),
  // A picture each 40 ms by the time stamps: the player shows them as they come and does not look at those.
  ...`-f ${format} -r 25`.split(" "),
];

/**
 * Square pixels, which is all that the player draws: one side is stretched, as in `displaySize`, and within its bounds. What is
 * square already is not touched, but for being made smaller. Colour has half of the resolution, so sides that are made are even.
 */
const STRETCH = `if(between(sar,1/${MOST_STRETCH},${MOST_STRETCH}),sar,1)`;
const WIDTH = `min(if(gt(${STRETCH},1),2*round(iw*sar/2),iw),960)`;
const SQUARE_PIXELS = `scale=w='${WIDTH}':h='2*round(ow*ih/iw/${STRETCH}/2)',setsar=1`;

/** Of what is made: small enough to be decoded in JavaScript, with an entry point every half second or so. */
const OUTPUT_OPTIONS = {
  "-vf": SQUARE_PIXELS,
  "-fps_mode": "passthrough",
  "-q:v": 6,
  "-bf": 0,
  "-g": 12,
  "-threads": 1,
  "-muxdelay": 0,
  "-muxpreload": 0,
  "-flush_packets": 1,
};

/**
 * The package's muxer, told what it cannot be told by its options: what stands before `-i` on ffmpeg's command line. Its
 * constructor puts that line into its member `spawnOptions`, starts ffmpeg with what it reads there, and puts the process
 * into its member `stream`.
 */
function muxerWith(firstOptions: readonly string[]) {
  return class StdinMuxer extends Mpeg1Muxer {
    declare readonly ffmpeg: ChildProcessWithoutNullStreams;

    set spawnOptions(options: string[]) {
      Object.defineProperty(this, "spawnOptions", { value: [...firstOptions, ...options] });
    }

    set stream(ffmpeg: ChildProcessWithoutNullStreams) {
      // Before the constructor stumbles over the pipes that are missing when there are no more file descriptors.
      ffmpeg.on("error", () => {});
      Object.defineProperty(this, "stream", { value: ffmpeg });
      Object.defineProperty(this, "ffmpeg", { value: ffmpeg });
    }
  };
}

export interface ConversionListener {
  /** MPEG-1 in an MPEG transport stream. */
  data(bytes: Buffer): void;
  /** What ffmpeg has to say. */
  complaint(text: string): void;
  /** ffmpeg has ended, or could not be started. */
  ended(reason: string): void;
}

/** What env(1) and prlimit(1) end with when they cannot start a program. */
const NOT_STARTED = [126, 127];

/**
 * Starts an ffmpeg that makes MPEG-1 of what it is given on stdin, in the format of that name, by the muxer of node-rtsp-stream. Contained are the package's faults: it
 * puts the camera's URL, password included, on ffmpeg's command line (here it is `pipe:0`), hands our environment down (here
 * env(1) takes it away), logs to the console, and dies with an unhandled error when ffmpeg cannot be started. Throws when the
 * process could not even be tried.
 */
export function startConversion(
  ffmpegPath: string,
  format: string,
  maxPixels: number,
  listener: ConversionListener,
): ChildProcessWithoutNullStreams {
  const { command, args, env, inputOptions: limits } = limitFfmpeg(ffmpegPath, maxPixels);
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const Muxer = muxerWith(["-i", ...variables, command, ...args, ...inputOptions(format), ...limits]);
  const muxer = new Muxer({ url: "pipe:0", ffmpegPath: "env", ffmpegOptions: OUTPUT_OPTIONS });
  const { ffmpeg } = muxer;
  ffmpeg.removeAllListeners("exit"); // it writes to the console
  ffmpeg.on("error", (error) => listener.ended(`${ffmpegPath} cannot be run: ${error.message}`));
  ffmpeg.on("exit", (code, signal) => {
    if (NOT_STARTED.includes(code ?? 0)) listener.ended(`${ffmpegPath} cannot be run: see whether it is there`);
    else listener.ended(`ffmpeg ended with ${signal ?? code}`);
  });
  ffmpeg.stdin.on("error", () => {}); // EPIPE: its end is told by "exit"
  muxer.on("mpeg1data", (bytes: Buffer) => listener.data(bytes));
  muxer.on("ffmpegStderr", (text: Buffer) => listener.complaint(text.toString()));
  return ffmpeg;
}
