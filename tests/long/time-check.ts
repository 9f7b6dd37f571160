import type { Account } from "./accounting.ts";
import type { SentByCamera, SentFrame, SentSession } from "./sent-log.ts";

/** How far the capture times of a camera were from the truth. */
export interface TimeErrors {
  /** Frames without any disturbance so far in their session: the figures are theirs. */
  undisturbed: number;
  medianMs: number;
  /** One of a thousand is worse. */
  p999Ms: number;
  worstMs: number;
  /** Frames for which more was allowed. */
  disturbed: number;
  /** Frames between a large jump of the camera's clock and the keyframe at which the recorder anchors it anew. */
  notJudged: number;
  violations: string[];
}

/** Without any fault of the clock or of its arrivals. */
const BOUND_US = 100_000;
/** After a jump the clock is anchored by few arrivals, known to the interval between two reads. */
const READ_INTERVAL_US = 250_000;
/** Jumps of less are steered away at 500 ppm, which takes longer than the session. */
const NOTICED_JUMP_US = 1_000_000;
/** The recorder judges whether to anchor when it writes, up to a second after a keyframe came. */
const FLUSH_US = 1_500_000;
/** The recorder watches arrivals for so long before it anchors the clock of a session. */
const SETTLE_US = 500_000;
/** The simulator is never later than that unless it is held up. */
const PROMPT_US = 10_000;
const MAX_TOLD = 10;

/**
 * Compares capture times with the true ones. Each must be within 100 ms of the truth; more is allowed, for the rest of the
 * session (a new one is anchored anew), after
 *
 * - a jump of the camera's clock by less than a second: the jump itself, since it is worked off at 500 ppm;
 * - a larger one: 250 ms, the interval of reads, from the keyframe on at which the clock is anchored anew. Before that
 *   keyframe times are not judged;
 *   either holds also for frames sent up to 1.5 s before a jump: those were still to be written when it came;
 * - an anchor by late frames: twice as much as the simulator itself sent even the least late one of that half second late
 *   (by jitter, or because it did not get the CPU: then the recorder did not get it either).
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

/** What a session has gone through so far. */
interface SessionState {
  session: SentSession | undefined;
  /** When its first frame was captured; with cached frames that is before it began. */
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

/** A jump before the first frame of the session is none of its. */
function apply(state: SessionState, { atUs, jumpUs }: ClockEvent, latenessUs: () => number): void {
  if (atUs < state.firstUs) return;
  if (jumpUs < NOTICED_JUMP_US) {
    state.jumpsUs += jumpUs;
  } else {
    state.unanchoredSinceUs = atUs;
    state.lateUs = Math.max(state.lateUs, latenessUs());
  }
}

/** How late the simulator sent the least late of the frames of half a second, from one on. */
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

/** What jumps that are to come add to what is allowed of a frame. */
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
