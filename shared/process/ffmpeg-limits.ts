import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { helperEnvironment } from "./helper-environment.ts";
import { processSurroundings } from "./surroundings.ts";

/** How to start an ffmpeg. It reads data from untrusted sources, so it gets no more than it needs. */
export interface LimitedFfmpeg {
  /** Options before `-i`: no larger picture, and no other input than the pipe. */
  inputOptions: string[];
  command: string;
  /** Arguments before ffmpeg's own. */
  args: string[];
  env: NodeJS.ProcessEnv;
}

/**
 * Memory of ffmpeg itself, and for each pixel of the largest picture: room for H.264's reference pictures and for the
 * output.
 */
const PROGRAM_BYTES = 2 ** 30;
const BYTES_PER_PIXEL = 32;

/** Limits an ffmpeg: a minimal environment and, where prlimit(1) of util-linux is installed, a memory limit. */
export function limitFfmpeg(ffmpegPath: string, maxPixels: number): LimitedFfmpeg {
  const env = helperEnvironment(processSurroundings().env);
  const inputOptions = ["-max_pixels", `${maxPixels}`, "-protocol_whitelist", "pipe"];
  const prlimit = findProgram("prlimit", env.PATH);
  if (prlimit === undefined) return { inputOptions, command: ffmpegPath, args: [], env };
  const bytes = PROGRAM_BYTES + BYTES_PER_PIXEL * maxPixels;
  return { inputOptions, command: prlimit, args: [`--as=${bytes}`, "--", ffmpegPath], env };
}

/** Whether ffmpeg's memory can be limited on this machine. */
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
