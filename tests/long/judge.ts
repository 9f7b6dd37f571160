import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { footage, readTimedFrames } from "../support/mp4-evidence.ts";
import { account, type FoundFrame } from "./accounting.ts";
import type { SoakCamera } from "./cameras.ts";
import type { CameraReport } from "./report.ts";
import type { SentByCamera, SentFrame } from "./sent-log.ts";
import { checkSessions, isBareGarbage } from "./sessions-check.ts";
import { checkTimes } from "./time-check.ts";

/** A camera that was recorded for less than this fraction of the time, for whatever faults, was not really tested. */
const MIN_PART = 0.3;
const MAX_TOLD = 3;

/** Checks one camera by its mp4 files and the simulator's log. @param stopUs when the recorder was asked to stop */
export async function judgeCamera(
  camera: SoakCamera,
  sent: SentByCamera,
  { directory, stopUs, minutes }: { directory: string; stopUs: number; minutes: number },
): Promise<CameraReport> {
  const violations: string[] = [];
  const files = await footage(directory, ".mp4");
  const found: FoundFrame[] = [];
  // Garbage may look like parameter sets: warnings of ffprobe's decoders about them are ignored, unlike those about the
  // file.
  const hasGarbage = sent.faults.some(({ set }) => set.garbage !== undefined);
  for (const file of files) {
    try {
      const warnings: string[] = [];
      const frames = await readTimedFrames([file], { warnings });
      const ofFile = warnings.filter(
        (line) => !(hasGarbage && /^\[(h264|NULL) @ |^ *Last message repeated/.test(line)),
      );
      if (ofFile.length > 0) violations.push(`ffprobe warns of ${file}: ${ofFile.slice(0, MAX_TOLD).join("; ")}`);
      if (frames[0]?.isKeyframe !== true) violations.push(`${file} does not begin with a keyframe`);
      if (frames.some((frame, i) => i > 0 && frame.dts <= (frames[i - 1]?.dts ?? 0))) {
        violations.push(`${file}: decode times do not rise`);
      }
      found.push(...frames);
    } catch (error) {
      violations.push(`${file} cannot be read: ${(error as Error).message}`);
    }
  }
  for (const ending of [".preview.jpg", ".thumbnail.jpg"]) {
    const pictures = (await footage(directory, ending)).map((name) => name.replace(ending, ".mp4"));
    const without = files.filter((file) => !pictures.includes(file));
    if (without.length > 0) violations.push(`without ${ending}: ${without.join(", ")}`);
  }
  const quarantined = await readdir(join(directory, "quarantine")).catch(() => []);
  if (quarantined.length > 0) violations.push(`in quarantine: ${quarantined.join(", ")}`);

  const { pairs, ...figures } = account(sent, found, {
    addsParameterSets: camera.addsParameterSets,
    isGarbageFrame: garbageFrames(sent),
  });
  const otherwise = sent.sessions.filter(({ transport }) => transport !== camera.transport);
  if (otherwise.length > 0) violations.push(`${otherwise.length} sessions were not over ${camera.transport}`);
  const times = checkTimes(sent, pairs);
  const least = Math.round(MIN_PART * minutes * 60 * camera.fps);
  if (figures.found < least)
    violations.push(`only ${figures.found} frames were found; under ${least} nothing is proven`);
  violations.push(...figures.violations, ...times.violations, ...checkSessions(sent, stopUs));
  return {
    camera: camera.id,
    transport: camera.transport,
    sessions: sent.sessions.length,
    minutes: files.length,
    faults: sent.faults.filter(({ set }) => Object.keys(set).length > 0).length,
    account: figures,
    times,
    violations,
  };
}

/** Returns a function that says whether random bytes on the bare connection replaced a frame. */
function garbageFrames({ faults }: SentByCamera): (frame: SentFrame) => boolean {
  const times: { fromUs: number; toUs: number }[] = [];
  for (const { atUs, set, clear } of faults) {
    if (isBareGarbage(set)) times.push({ fromUs: atUs, toUs: Number.POSITIVE_INFINITY });
    else if (clear.includes("garbage") || set.garbage !== undefined) {
      const last = times.at(-1);
      if (last !== undefined) last.toUs = Math.min(last.toUs, atUs);
    }
  }
  return ({ isSpoilt, sentAtUs }) =>
    isSpoilt && times.some(({ fromUs, toUs }) => sentAtUs >= fromUs - 1000 && sentAtUs <= toUs + 1000);
}
