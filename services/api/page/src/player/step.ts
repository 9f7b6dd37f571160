/** Where a follower and the player that it follows are; times in ms since the Unix epoch. */
export interface StepState {
  /** The time that the follower is to show. */
  wantedMs: number;
  isPlaying: boolean;
  /** Of the player that is followed; 1 is normal. */
  speed: number;
  /** Whether the follower's camera has footage of the wanted minute, in its own file or the one before. */
  hasFootage: boolean;
  /** The time that the follower was last sent to. */
  askedMs: number;
  /** What the follower shows, and the latest that it can show of this minute; undefined while it shows nothing. */
  shown: { currentMs: number; fromMs: number; toMs: number; lastMs: number } | undefined;
}

/** What a follower does next. */
export type Step =
  /** There is nothing of that time. */
  | { to: "gap" }
  /** Shows the wanted time anew. */
  | { to: "jump" }
  /** Plays at a rate, to fall into step gently. */
  | { to: "play"; rate: number }
  /** Waits for the player that is followed. */
  | { to: "hold" };

/** Between two frames of a camera at 25 a second lie 40 ms: closer than half of that nobody can tell. */
const IN_STEP_MS = 20;
/** A drift is made good within so long, if it is not too large for that. */
const MAKE_GOOD_MS = 600;
const MOST_CORRECTION = 0.25;
/** Too far ahead to fall back gently, or behind to catch up. Of time on the clock, however fast it plays. */
const HOLD_MS = 300;
const JUMP_MS = 1200;
const FASTEST = 16;

/** How a follower comes to show, and to keep showing, the wanted time. */
export function nextStep({ wantedMs, isPlaying, speed, hasFootage, askedMs, shown }: StepState): Step {
  const isInside = shown !== undefined && wantedMs >= shown.fromMs - IN_STEP_MS && wantedMs < shown.toMs + IN_STEP_MS;
  if (!isInside) {
    if (!hasFootage) return { to: "gap" };
    if (shown === undefined) return { to: "jump" };
    const hasEnded = isSameMinute(shown.fromMs, wantedMs) && wantedMs > shown.fromMs;
    // Sent to this minute it came to where there is something: later in it, or before.
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
  const correction = Math.min(MOST_CORRECTION, Math.max(-MOST_CORRECTION, -aheadOnClockMs / MAKE_GOOD_MS));
  return { to: "play", rate: Math.min(FASTEST, speed * (1 + correction)) };
}

function isSameMinute(oneMs: number, otherMs: number): boolean {
  return Math.floor(oneMs / 60_000) === Math.floor(otherMs / 60_000);
}
