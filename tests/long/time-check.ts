import type { Account } from "./accounting.ts";
import type { SentByCamera, SentFrame, SentSession } from "./sent-log.ts";

/** The errors of a camera's capture times. */
export interface TimeErrors {
  /** Number of frames without any disturbance so far in their session, to which the figures apply. */
  undisturbed: number;
  medianMs: number;
  /** The 99.9th percentile. */
  p999Ms: number;
  worstMs: number;
  /** Number of frames for which a larger error was allowed. */
  disturbed: number;
  /**
   * Number of frames between a large jump of the camera's clock and the keyframe at which the recorder anchors it
   * again.
   */
  notJudged: number;
  violations: string[];
}

/** Allowed error without any fault of the clock or of arrivals. */
const BOUND_US = 100_000;
/** After a jump the clock is anchored by few arrivals, known only to the interval between two reads. */
const READ_INTERVAL_US = 250_000;
/** Smaller jumps are steered away at 500 ppm, which takes longer than the session. */
const NOTICED_JUMP_US = 1_000_000;
/** The recorder decides whether to anchor when it writes, up to a second after a keyframe came. */
const FLUSH_US = 1_500_000;
/** How long the recorder observes arrivals before it anchors the clock of a session. */
const SETTLE_US = 500_000;
/** Maximum lateness of the simulator, unless it is delayed by the machine or a fault. */
const PROMPT_US = 10_000;
const MAX_TOLD = 10;

/**
 * Compares capture times with the true ones. The error may be up to 100 ms. More is allowed, for the rest of the
 * session (a new session is anchored again), after
 *
 * - a jump of the camera's clock by less than a second: the jump itself, which is steered away at 500 ppm;
 * - a larger jump: 250 ms, the interval of reads, from the keyframe on at which the clock is anchored again. Times
 *   before that keyframe are not checked; either also affects frames sent up to 1.5 s before the jump, which may not
 *   have been written when it came;
 * - an anchor by late frames: twice the lateness with which the simulator sent even the least late frame of that half
 *   second (by jitter, or because it did not get the CPU: then the recorder did not get it either).
 */
export function checkTimes(sent: SentByCamera, pairs: Account["pairs"]): TimeErrors {
  const events = sent.faults.flatMap(eventOf);
  const errorsUs: number[] = [];
  const violations: string[] = [];
  let disturbed = 0;
  let notJudged = 0;
  let state: SessionState = { ...UNDISTURBED };
  let next = 0;
  for (const [i, { sent: frame, found }] of pairs.entries()) {
    if (frame.session !== state.session) state = newState(frame, leastLatenessUs(pairs, i));
    for (; next < events.length && (events[next] as ClockEvent).atUs <= frame.captureTimeUs; next++) {
      apply(state, events[next] as ClockEvent, () => leastLatenessUs(pairs, i));
    }
    if (state.unanchoredSinceUs !== undefined && frame.isKeyframe) settle(state, frame);
    if (state.unanchoredSinceUs !== undefined) {
      notJudged++;
      continue;
    }
    const errorUs = found.captureTimeUs - frame.captureTimeUs;
    const allowedUs = BOUND_US + state.jumpsUs + 2 * state.lateUs + state.anchorUs + soonUs(events, frame);
    if (allowedUs <= BOUND_US + PROMPT_US) errorsUs.push(Math.abs(errorUs));
    else disturbed++;
    if (Math.abs(errorUs) > allowedUs && violations.length < MAX_TOLD) {
      const of = `session ${frame.session.index} frame ${frame.n}`;
      violations.push(`time ${ms(errorUs)} ms off, allowed ${ms(allowedUs)}: ${of}`);
    }
  }
  errorsUs.sort((a, b) => a - b);
  return {
    undisturbed: errorsUs.length,
    medianMs: ms(quantile(errorsUs, 0.5)),
    p999Ms: ms(quantile(errorsUs, 0.999)),
    worstMs: ms(errorsUs.at(-1) ?? 0),
    disturbed,
    notJudged,
    violations,
  };
}

interface ClockEvent {
  atUs: number;
  jumpUs: number;
}

/** The disturbances of a session so far. */
interface SessionState {
  session: SentSession | undefined;
  /** Capture time of its first frame; with cached frames that is before the session began. */
  firstUs: number;
  jumpsUs: number;
  lateUs: number;
  anchorUs: number;
  unanchoredSinceUs: number | undefined;
}

const UNDISTURBED = {
  session: undefined,
  firstUs: 0,
  jumpsUs: 0,
  lateUs: 0,
  anchorUs: 0,
  unanchoredSinceUs: undefined,
};

function newState({ session, captureTimeUs }: SentFrame, lateUs: number): SessionState {
  return { ...UNDISTURBED, session, firstUs: captureTimeUs, lateUs };
}

function eventOf({ atUs, set }: SentByCamera["faults"][number]): ClockEvent[] {
  const { clockJump } = set as { clockJump?: { ms: number } };
  return clockJump === undefined ? [] : [{ atUs, jumpUs: Math.abs(clockJump.ms) * 1000 }];
}

/** Applies an event; a jump before the session's first frame does not affect it. */
function apply(state: SessionState, { atUs, jumpUs }: ClockEvent, latenessUs: () => number): void {
  if (atUs < state.firstUs) return;
  if (jumpUs < NOTICED_JUMP_US) {
    state.jumpsUs += jumpUs;
  } else {
    state.unanchoredSinceUs = atUs;
    state.lateUs = Math.max(state.lateUs, latenessUs());
  }
}

/** The lateness with which the simulator sent the least late frame of half a second, starting at index `from`. */
function leastLatenessUs(pairs: Account["pairs"], from: number): number {
  const first = (pairs[from] as Account["pairs"][number]).sent;
  let least = Number.POSITIVE_INFINITY;
  for (let i = from; i < pairs.length; i++) {
    const { session, sentAtUs, captureTimeUs } = (pairs[i] as Account["pairs"][number]).sent;
    if (session !== first.session || sentAtUs > first.sentAtUs + SETTLE_US) break;
    least = Math.min(least, sentAtUs - captureTimeUs);
  }
  return Math.max(0, least);
}

/** How much the jumps that follow soon after a frame increase its allowed error. */
function soonUs(events: readonly ClockEvent[], { sentAtUs, captureTimeUs }: SentFrame): number {
  const soon = events.filter(({ atUs }) => atUs > captureTimeUs && atUs < sentAtUs + FLUSH_US);
  return soon.reduce((sum, { jumpUs }) => sum + (jumpUs < NOTICED_JUMP_US ? jumpUs : READ_INTERVAL_US), 0);
}

function settle(state: SessionState, keyframe: SentFrame): void {
  if (keyframe.sentAtUs < (state.unanchoredSinceUs as number) + FLUSH_US) return;
  state.unanchoredSinceUs = undefined;
  state.anchorUs = READ_INTERVAL_US;
}

function quantile(sorted: readonly number[], part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
}

function ms(us: number): number {
  return Math.round(us / 100) / 10;
}
