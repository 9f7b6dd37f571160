import type { SentByCamera, SentFrame, SentSession } from "./sent-log.ts";

/** The recorder's timers in the soak: short, so that each fault has its effect within the run. */
export const TIMERS = {
  connectTimeoutMs: 10_000,
  stallTimeoutMs: 5000,
  keyframeTimeoutMs: 60_000,
  retryMinMs: 1000,
  retryMaxMs: 5000,
};

/** Time in which a reachable camera must be recorded again: the longest pause, slow answers, a refused attempt. */
const BACK_WITHIN_US = 30_000_000;
/** Maximum delay until the recorder has received what was sent. */
const HEARD_WITHIN_US = 1_000_000;
/**
 * How long after garbage the connection may end: random bytes may look like a message that is malformed or has no end.
 */
const GARBAGE_US = 10_000_000;

/**
 * Checks what the frames do not show, because a camera without a session sends none. Reports each pause between two
 * sessions that was longer than the camera's refusal plus 30 s, and sessions that the recorder ended although frames
 * and keyframes came all the time and no bare garbage did. @param stopUs when the recorder was asked to stop
 */
export function checkSessions({ sessions, frames, faults }: SentByCamera, stopUs: number): string[] {
  const violations: string[] = [];
  const newest = newestFrames(frames);
  for (const session of sessions) {
    const { index, endUs = stopUs } = session;
    if (endUs >= stopUs) continue;
    const nextUs = sessions[index + 1]?.startUs ?? stopUs;
    const refusedUntilUs = faults.flatMap(({ atUs, set }) => {
      const { cut } = set as { cut?: { refuseForMs: number } };
      return cut === undefined || atUs > nextUs ? [] : [atUs + cut.refuseForMs * 1000];
    });
    const pauseUs = nextUs - Math.max(endUs, ...refusedUntilUs);
    if (pauseUs > BACK_WITHIN_US) {
      violations.push(
        `not recorded for ${Math.round(pauseUs / 1e6)} s though it could be reached, behind session ${index}`,
      );
    }
    const isNoise = faults.some(({ atUs, set }) => isBareGarbage(set) && atUs < endUs && atUs > endUs - GARBAGE_US);
    if (session.endReason === "cut" || isNoise) continue;
    const { frame = session.startUs, keyframe = session.startUs } = newest.get(session) ?? {};
    const silentUs = endUs - frame;
    const keyframeUs = endUs - keyframe;
    if (silentUs >= TIMERS.stallTimeoutMs * 1000 - HEARD_WITHIN_US) continue;
    if (keyframeUs >= TIMERS.keyframeTimeoutMs * 1000 - HEARD_WITHIN_US) continue;
    violations.push(`session ${index} ended (${session.endReason}) ${Math.round(silentUs / 1000)} ms behind a frame`);
  }
  return violations;
}

/** Whether these faults send bytes on the connection that are not packets. */
export function isBareGarbage(set: Record<string, unknown>): boolean {
  return (set.garbage as { kind: string } | undefined)?.kind === "channel";
}

/** When the newest frame and the newest keyframe of each session were sent. */
function newestFrames(frames: readonly SentFrame[]): Map<SentSession, { frame: number; keyframe?: number }> {
  const newest = new Map<SentSession, { frame: number; keyframe?: number }>();
  for (const { session, sentAtUs, isKeyframe, isSpoilt } of frames) {
    const seen = newest.get(session);
    const keyframe = isKeyframe && !isSpoilt ? sentAtUs : seen?.keyframe;
    newest.set(session, { frame: sentAtUs, ...(keyframe === undefined ? {} : { keyframe }) });
  }
  return newest;
}
