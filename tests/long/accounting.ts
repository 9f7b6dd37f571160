import type { SentByCamera, SentFrame } from "./sent-log.ts";

/** A frame found in the store. */
export interface FoundFrame {
  sha256: string;
  sha256WithoutParameterSets: string;
  isKeyframe: boolean;
  captureTimeUs: number;
}

/** Permitted reasons for a missing frame; {@link account} explains each rule. */
export type Reason = "spoilt" | "before keyframe" | "behind garbage" | "at a cut" | "at our own end";

/** What happened to the frames that one camera sent. */
export interface Account {
  sent: number;
  found: number;
  /** Spoilt frames that were kept, incomplete or changed by garbage. */
  keptSpoilt: number;
  missing: Record<Reason, number>;
  doubled: number;
  /** Messages, the first ones of each kind; empty when every frame is accounted for. */
  violations: string[];
  violationCount: number;
  /** The found frames with the sent ones. */
  pairs: { sent: SentFrame; found: FoundFrame }[];
}

/**
 * What may be in flight when the recorder ends a session: reads are at most 250 ms apart; the rest is for delays of the
 * machine.
 */
const IN_FLIGHT_US = 1_000_000;
/** Random bytes may look like a packet of up to 64 KiB (RFC 2326 §10.12), followed by another one. */
const FALSE_PACKET_BYTES = 2 * (65_536 + 4);
/** Upper bound for RTP and interleaved headers: a packet of 300 bytes has 16 bytes of them. */
const HEADER_SHARE = 1.1;
const MAX_TOLD = 20;

/**
 * Compares what a camera sent with what was found, in the order of the store. Every sent frame must be found once, in
 * the order of sending, and nothing else. Only these frames may be missing:
 *
 * - **spoilt**: packets of it were lost or garbled by a fault. One that was kept nevertheless (no slice was lost, or
 *   garbage looks like H.264) must be at the place of the spoilt one, and counts once for one spoilt frame.
 * - **before keyframe**: sent in its session before the first keyframe that arrived complete.
 * - **behind garbage**: sent over TCP within 128 KiB after random bytes, some of which may announce two packets of 64
 *   KiB.
 * - **at a cut**: the last frames of a session that the camera aborted, as many bytes as its kernel had not taken yet.
 * - **at our own end**: the last frames of a session that the recorder ended, sent within its last second.
 *
 * The last two rules only apply to an unbroken tail of the session. `garbageAt` returns whether bare garbage was sent
 * then.
 */
export function account(
  sent: SentByCamera,
  found: readonly FoundFrame[],
  { addsParameterSets, isGarbageFrame }: { addsParameterSets: boolean; isGarbageFrame(frame: SentFrame): boolean },
): Account {
  const { frames } = sent;
  const violations = new Violations();
  const result: Account = {
    sent: frames.length,
    found: 0,
    keptSpoilt: 0,
    missing: { spoilt: 0, "before keyframe": 0, "behind garbage": 0, "at a cut": 0, "at our own end": 0 },
    doubled: 0,
    violations: violations.told,
    violationCount: 0,
    pairs: [],
  };
  const isFound = new Uint8Array(frames.length);
  const whole = indexBy(frames, (frame) => frame.sha256);
  const pictures = indexBy(frames, (frame) => frame.sha256WithoutParameterSets);
  const mayDiffer = (index: number) => addsParameterSets || frames[index]?.isSpoilt === true;
  let last = -1;
  let unknown = 0;
  const settleUnknown = (until: number) => {
    let room = 0;
    for (let i = last + 1; i < until; i++) if (frames[i]?.isSpoilt && isFound[i] === 0) room++;
    result.keptSpoilt += Math.min(unknown, room);
    if (unknown > room) violations.tell("not sent", unknown - room, `behind ${nameOf(frames[last])}`);
    unknown = 0;
  };
  for (const frame of found) {
    const candidates =
      whole.get(frame.sha256) ?? pictures.get(frame.sha256WithoutParameterSets)?.filter(mayDiffer) ?? [];
    if (candidates.length === 0) {
      unknown++;
      continue;
    }
    const index = candidates.find((candidate) => candidate > last && isFound[candidate] === 0);
    if (index === undefined) {
      const earlier = candidates.find((candidate) => isFound[candidate] === 0);
      if (earlier === undefined) {
        result.doubled++;
        violations.tell("doubled", 1, nameOf(frames[candidates[0] as number]));
      } else {
        isFound[earlier] = 1;
        result.found++;
        violations.tell("out of order", 1, `${nameOf(frames[earlier])} behind ${nameOf(frames[last])}`);
      }
      continue;
    }
    settleUnknown(index);
    last = index;
    isFound[index] = 1;
    result.found++;
    const origin = frames[index] as SentFrame;
    if (origin.isSpoilt) result.keptSpoilt++;
    if (frame.isKeyframe !== origin.isKeyframe) violations.tell("keyframe mark wrong", 1, nameOf(origin));
    result.pairs.push({ sent: origin, found: frame });
  }
  settleUnknown(frames.length);
  for (const [start, end] of sessionsOf(frames)) {
    explainMissing(frames.slice(start, end), isFound.subarray(start, end), result, violations, isGarbageFrame);
  }
  result.violationCount = violations.count;
  return result;
}

/** Finds a reason for each missing frame of one session, or reports it. */
function explainMissing(
  frames: SentFrame[],
  isFound: Uint8Array,
  result: Account,
  violations: Violations,
  isGarbageFrame: (frame: SentFrame) => boolean,
): void {
  const { session } = frames[0] as SentFrame;
  const tail = isFound.lastIndexOf(1) + 1;
  const firstKeyframe = frames.findIndex((frame, i) => frame.isKeyframe && (!frame.isSpoilt || isFound[i] === 1));
  let unsent = session.unsentBytes;
  const isUnsent = new Uint8Array(frames.length);
  for (let i = frames.length - 1; i >= tail && unsent > 0; i--) {
    isUnsent[i] = 1;
    unsent -= (frames[i] as SentFrame).bytes;
  }
  let behindGarbageBytes = Number.POSITIVE_INFINITY;
  for (const [i, frame] of frames.entries()) {
    if (isGarbageFrame(frame)) behindGarbageBytes = 0;
    else behindGarbageBytes += frame.bytes * HEADER_SHARE;
    if (isFound[i] === 1) continue;
    const isOurEnd = i >= tail && isEndedByUs(session.endReason);
    let reason: Reason | undefined;
    if (frame.isSpoilt) reason = "spoilt";
    else if (firstKeyframe === -1 || i < firstKeyframe) reason = "before keyframe";
    else if (isUnsent[i] === 1) reason = "at a cut";
    else if (isOurEnd && frame.sentAtUs > (session.endUs as number) - IN_FLIGHT_US) reason = "at our own end";
    else if (session.transport === "tcp" && behindGarbageBytes - frame.bytes * HEADER_SHARE < FALSE_PACKET_BYTES)
      reason = "behind garbage";
    if (reason === undefined) violations.tell("lost", 1, `${nameOf(frame)}, ${placeOf(i, frames)}`);
    else result.missing[reason]++;
  }
}

/** The recorder sent TEARDOWN or closed the connection. */
function isEndedByUs(reason: string | undefined): boolean {
  return reason === "teardown" || reason === "connection closed";
}

/** Start and end index of each session's frames. */
function sessionsOf(frames: readonly SentFrame[]): [start: number, end: number][] {
  const ranges: [number, number][] = [];
  for (let start = 0; start < frames.length; ) {
    const next = frames.findIndex((frame, i) => i > start && frame.session !== frames[start]?.session);
    const end = next === -1 ? frames.length : next;
    ranges.push([start, end]);
    start = end;
  }
  return ranges;
}

function indexBy(frames: readonly SentFrame[], key: (frame: SentFrame) => string): Map<string, number[]> {
  const index = new Map<string, number[]>();
  for (const [i, frame] of frames.entries()) {
    const same = index.get(key(frame));
    if (same === undefined) index.set(key(frame), [i]);
    else same.push(i);
  }
  return index;
}

function nameOf(frame: SentFrame | undefined): string {
  if (frame === undefined) return "the beginning";
  const time = new Date(frame.sentAtUs / 1000).toISOString();
  return `session ${frame.session.index} frame ${frame.n}${frame.isKeyframe ? " (keyframe)" : ""} sent ${time}`;
}

function placeOf(i: number, frames: readonly SentFrame[]): string {
  const { session } = frames[0] as SentFrame;
  const before = frames.slice(Math.max(0, i - 3), i).some((frame) => frame.isSpoilt);
  return `${i + 1} of ${frames.length}${before ? ", spoilt ones shortly before" : ""}; ended: ${session.endReason ?? "not"}`;
}

/** Keeps the first violations of each kind, and counts all. */
class Violations {
  readonly told: string[] = [];
  count = 0;
  readonly #byKind = new Map<string, number>();

  tell(kind: string, count: number, text: string): void {
    this.count += count;
    const before = this.#byKind.get(kind) ?? 0;
    this.#byKind.set(kind, before + count);
    if (before < MAX_TOLD) this.told.push(`${kind}${count === 1 ? "" : ` (${count} frames)`}: ${text}`);
  }
}
