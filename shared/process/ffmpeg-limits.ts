import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { helperEnvironment } from "./helper-environment.ts";
import { processSurroundings } from "./surroundings.ts";

/** An ffmpeg to be started: it reads what strangers send, so it gets no more than it needs. */
export interface LimitedFfmpeg {
  /** What stands before `-i` on its command line: no larger picture, and no other input than the one that is piped in. */
  inputOptions: string[];
  command: string;
  /** What stands before ffmpeg's own arguments. */
  args: string[];
  env: NodeJS.ProcessEnv;
}

/** ffmpeg itself, and per pixel of the largest picture: room for the pictures that H.264 refers to, and for what is made of them. */
const PROGRAM_BYTES = 2 ** 30;
const BYTES_PER_PIXEL = 32;

/** How ffmpeg is started: in a small environment, and with prlimit(1) of util-linux, where that is, within its memory. */
export function limitFfmpeg(ffmpegPath: string, maxPixels: number): LimitedFfmpeg {
  const env = helperEnvironment(processSurroundings().env);
  const inputOptions = ["-max_pixels", `${maxPixels}`, "-protocol_whitelist", "pipe"];
  const prlimit = findProgram("prlimit", env.PATH);
  if (prlimit === undefined) return { inputOptions, command: ffmpegPath, args: [], env };
  const bytes = PROGRAM_BYTES + BYTES_PER_PIXEL * maxPixels;
  return { inputOptions, command: prlimit, args: [`--as=${bytes}`, "--", ffmpegPath], env };
}

/** Whether ffmpeg can be kept within its memory here. */
export function canLimitMemory(): boolean {
  return findProgram("prlimit", helperEnvironment(processSurroundings().env).PATH) !== undefined;
}

function findProgram(name: string, path: string): string | undefined {
  return path
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}
