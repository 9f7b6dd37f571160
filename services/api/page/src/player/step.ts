/** The state of a follower and of the player that it follows; times in ms since the Unix epoch. */
export interface StepState {
  /** The time that the follower should show. */
  wantedMs: number;
  isPlaying: boolean;
  /** Of the followed player; 1 is normal. */
  speed: number;
  /** Whether the follower's camera has footage of the wanted minute, in its own file or the previous one. */
  hasFootage: boolean;
  /** The time that the follower was last asked to show. */
  askedMs: number;
  /** What the follower shows, and the latest time that it can show of this minute; undefined while it shows nothing. */
  shown: { currentMs: number; fromMs: number; toMs: number; lastMs: number } | undefined;
}

/** What a follower does next. */
export type Step =
  /** There is no footage of that time. */
  | { to: "gap" }
  /** Opens the wanted time. */
  | { to: "jump" }
  /** Plays at a rate, to come into step gradually. */
  | { to: "play"; rate: number }
  /** Waits for the followed player. */
  | { to: "hold" };

/** At 25 frames a second, frames are 40 ms apart: a difference below half of that is not visible. */
const IN_STEP_MS = 20;
/** Time within which a small drift is corrected. */
const MAKE_GOOD_MS = 600;
const MAX_CORRECTION = 0.25;
/**
 * From this far ahead it waits; from the next value on, ahead or behind, it jumps. In clock time, whatever the speed.
 */
const HOLD_MS = 300;
const JUMP_MS = 1200;
const MAX_RATE = 16;

/** What a follower does next, to reach the wanted time or to stay at it. */
export function nextStep({ wantedMs, isPlaying, speed, hasFootage, askedMs, shown }: StepState): Step {
  const isInside = shown !== undefined && wantedMs >= shown.fromMs - IN_STEP_MS && wantedMs < shown.toMs + IN_STEP_MS;
  if (!isInside) {
    if (!hasFootage) return { to: "gap" };
    if (shown === undefined) return { to: "jump" };
    const hasEnded = isSameMinute(shown.fromMs, wantedMs) && wantedMs > shown.fromMs;
    // It was sent to this minute and ended up where there is footage: later in it, or before it.
    const wasSought = isSameMinute(askedMs, wantedMs) && (askedMs < shown.fromMs || askedMs >= shown.toMs);
    return { to: hasEnded || wasSought ? "gap" : "jump" };
  }
  if (!isPlaying) {
    const nearestMs = Math.min(shown.lastMs, Math.max(shown.fromMs, wantedMs));
    return Math.abs(shown.currentMs - nearestMs) < IN_STEP_MS ? { to: "hold" } : { to: "jump" };
  }
  const aheadMs = shown.currentMs - wantedMs;
  const aheadOnClockMs = aheadMs / speed;
  if (Math.abs(aheadOnClockMs) > JUMP_MS) return { to: "jump" };
  if (aheadOnClockMs > HOLD_MS) return { to: "hold" };
  if (Math.abs(aheadMs) < IN_STEP_MS) return { to: "play", rate: speed };
  const correction = Math.min(MAX_CORRECTION, Math.max(-MAX_CORRECTION, -aheadOnClockMs / MAKE_GOOD_MS));
  return { to: "play", rate: Math.min(MAX_RATE, speed * (1 + correction)) };
}

function isSameMinute(oneMs: number, otherMs: number): boolean {
  return Math.floor(oneMs / 60_000) === Math.floor(otherMs / 60_000);
}
