import {
  type Check,
  fields,
  isNumber,
  isObject,
  isPositive,
  isTrueOrFalse,
  listOf,
  oneOf,
  optional,
  within,
} from "./checks.ts";
import { CLIP_CHECKS, type ClipOptions } from "./clip-parameters.ts";

/** The faults of a camera; what is absent works normally. */
export interface Faults {
  /** Send nothing, but keep the connection. The frames meanwhile are lost. */
  stall?: boolean;
  /** Break the connections once, and for this long every new one that requests this camera. */
  cut?: { refuseForMs: number };
  /** Leave packets out: each with a probability, or those with these numbers, counted from 0 in each session. */
  loss?: { probability?: number; packets?: number[] };
  /** Send a packet later, after `distance` others. */
  reorder?: { probability: number; distance?: number };
  /** Send only keyframes, at least this many seconds apart: a dynamic frame rate with a still scene. */
  sparse?: { seconds: number };
  /** Send each access unit up to `maxMs` late, in order. */
  jitter?: { maxMs: number };
  /** The camera's clock runs fast by this many ppm. */
  driftPpm?: number;
  /** The RTP clock jumps, once. */
  clockJump?: { ms: number };
  /** The RTP clock moves in steps of this many ms. */
  clockSteps?: { ms: number };
  /** Each frame is captured up to `maxMs` late: a variable frame rate, with correct timestamps. */
  captureJitter?: { maxMs: number };
  /** There are no more keyframes after the next one. */
  endlessGop?: boolean;
  /** Keyframes are this far apart after the next one. */
  longGop?: { seconds: number };
  /** At the next keyframe, once, the camera changes to another clip. */
  parameterChange?: ClipOptions;
  /** Random bytes as RTP payloads, or on the bare RTSP connection, or NAL types that do not exist. */
  garbage?: { kind: "payload" | "channel" | "nal-type"; probability?: number };
  /** Refuse every user and password. */
  refuseAuth?: boolean;
  /** Answer 404 to everything. */
  notFound?: boolean;
  slowAnswers?: { ms: number };
  /** The description offers only H.265. */
  h265Only?: boolean;
  /** Break every connection that requests this camera. */
  refuseConnections?: boolean;
  /** Seed of the random faults (loss, reordering, jitter, garbage). */
  seed?: number;
}

/** A change of faults that is not valid. */
export class FaultError extends Error {
  override name = "FaultError";
}

const isProbability = within(0, 1);

const CHECKS: Record<keyof Faults, Check> = {
  stall: isTrueOrFalse,
  cut: fields({ refuseForMs: isPositive }),
  loss: fields({ probability: optional(isProbability), packets: optional(listOf(isPositive)) }),
  reorder: fields({ probability: isProbability, distance: optional(isPositive) }),
  sparse: fields({ seconds: isPositive }),
  jitter: fields({ maxMs: isPositive }),
  driftPpm: within(-500_000, 500_000),
  clockJump: fields({ ms: isNumber }),
  clockSteps: fields({ ms: isPositive }),
  captureJitter: fields({ maxMs: isPositive }),
  endlessGop: isTrueOrFalse,
  longGop: fields({ seconds: isPositive }),
  parameterChange: fields(CLIP_CHECKS),
  garbage: fields({ kind: oneOf("payload", "channel", "nal-type"), probability: optional(isProbability) }),
  refuseAuth: isTrueOrFalse,
  notFound: isTrueOrFalse,
  slowAnswers: fields({ ms: isPositive }),
  h265Only: isTrueOrFalse,
  refuseConnections: isTrueOrFalse,
  seed: isNumber,
};

/** A change: the faults to set, and those (given as null or false) to end. */
export interface FaultChange {
  set: Faults;
  clear: (keyof Faults)[];
}

/**
 * Reads a change of faults from JSON.
 * @throws {FaultError} on an unknown fault or a value that it does not accept.
 */
export function parseFaultChange(value: unknown): FaultChange {
  if (!isObject(value)) throw new FaultError("faults must be an object");
  const change: FaultChange = { set: {}, clear: [] };
  for (const [name, wanted] of Object.entries(value as object)) {
    if (!(name in CHECKS)) throw new FaultError(`no such fault: ${name}; there are ${Object.keys(CHECKS).join(", ")}`);
    const fault = name as keyof Faults;
    if (wanted === null || wanted === false) change.clear.push(fault);
    else if (CHECKS[fault](wanted)) Object.assign(change.set, { [fault]: wanted });
    else throw new FaultError(`fault ${name} does not take ${JSON.stringify(wanted)}`);
  }
  return change;
}
