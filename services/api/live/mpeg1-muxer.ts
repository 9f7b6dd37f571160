import type { ChildProcessWithoutNullStreams } from "node:child_process";
import Mpeg1Muxer from "node-rtsp-stream/mpeg1muxer.js";
import { MAX_STRETCH } from "../../../shared/codec/display-size.ts";
import { limitFfmpeg } from "../../../shared/process/ffmpeg-limits.ts";

/** Options for the input on stdin: frames are decoded without waiting for further ones, which may never come. */
const inputOptions = (format: string) => [
  ..."-hide_banner -loglevel error -nostats".split(" "),
  ..."-fflags nobuffer -flags low_delay -threads 1 -probesize 4096 -fpsprobesize 0 -analyzeduration 0".split(" "),
  // Time stamps 40 ms apart: the player ignores them and shows pictures as they come.
  ...`-f ${format} -r 25`.split(" "),
];

/**
 * Scales to square pixels, the only ones that the player draws: one side is stretched as in `displaySize`, within its
 * limits. Pictures with square pixels are only made smaller where needed. Sides that are computed are even, since
 * chroma has half the resolution.
 */
const STRETCH = `if(between(sar,1/${MAX_STRETCH},${MAX_STRETCH}),sar,1)`;
const WIDTH = `min(if(gt(${STRETCH},1),2*round(iw*sar/2),iw),960)`;
const SQUARE_PIXELS = `scale=w='${WIDTH}':h='2*round(ow*ih/iw/${STRETCH}/2)',setsar=1`;

/** Options for the output: small enough to be decoded in JavaScript, with an entry point every half second or so. */
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
 * The package's muxer, with arguments before `-i` on ffmpeg's command line, which its options do not allow. Its
 * constructor assigns the command line to its member `spawnOptions`, starts ffmpeg with what it then reads from that
 * member, and assigns the process to its member `stream`; the setters here intercept both.
 */
function muxerWith(firstOptions: readonly string[]) {
  return class StdinMuxer extends Mpeg1Muxer {
    declare readonly ffmpeg: ChildProcessWithoutNullStreams;

    set spawnOptions(options: string[]) {
      Object.defineProperty(this, "spawnOptions", { value: [...firstOptions, ...options] });
    }

    set stream(ffmpeg: ChildProcessWithoutNullStreams) {
      // Here, since the constructor throws afterwards if the pipes are missing for lack of file descriptors.
      ffmpeg.on("error", () => {});
      Object.defineProperty(this, "stream", { value: ffmpeg });
      Object.defineProperty(this, "ffmpeg", { value: ffmpeg });
    }
  };
}

export interface ConversionListener {
  /** MPEG-1 in an MPEG transport stream. */
  data(bytes: Buffer): void;
  /** What ffmpeg wrote to stderr. */
  complaint(text: string): void;
  /** ffmpeg has ended, or could not be started. */
  ended(reason: string): void;
}

/** Exit codes of env(1) and prlimit(1) when they cannot start a program. */
const NOT_STARTED = [126, 127];

/**
 * Starts an ffmpeg that converts its stdin, in ffmpeg's format of that name, to MPEG-1, by the muxer of
 * node-rtsp-stream. It works around the package's faults: it puts the camera's URL, password included, on ffmpeg's
 * command line (here it is `pipe:0`), passes on our environment (here env(1) removes it), logs to the console, and
 * crashes with an unhandled error when ffmpeg cannot be started. Throws when no process could be created at all.
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
  ffmpeg.stdin.on("error", () => {}); // EPIPE: "exit" reports its end
  muxer.on("mpeg1data", (bytes: Buffer) => listener.data(bytes));
  muxer.on("ffmpegStderr", (text: Buffer) => listener.complaint(text.toString()));
  return ffmpeg;
}
