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

/** What can be wrong with a camera. Everything absent is in order. */
export interface Faults {
  /** Send nothing, but keep the connection. The frames meanwhile are lost. */
  stall?: boolean;
  /** Break the connections, once, and for so long break every further one that asks for this camera. */
  cut?: { refuseForMs: number };
  /** Leave packets out: each with a probability, or those with these numbers, counted from 0 in each session. */
  loss?: { probability?: number; packets?: number[] };
  /** Send a packet later, behind `distance` others. */
  reorder?: { probability: number; distance?: number };
  /** Send a keyframe every so many seconds at most, and nothing else: a dynamic frame rate before a still scene. */
  sparse?: { seconds: number };
  /** Send each access unit up to `maxMs` late, in order. */
  jitter?: { maxMs: number };
  /** The camera's clock runs fast by so many millionths. */
  driftPpm?: number;
  /** The RTP clock jumps, once. */
  clockJump?: { ms: number };
  /** The RTP clock moves in steps of so many ms. */
  clockSteps?: { ms: number };
  /** Each frame is captured up to `maxMs` late: a variable frame rate, told truly by the timestamps. */
  captureJitter?: { maxMs: number };
  /** From the next keyframe on there is no further one. */
  endlessGop?: boolean;
  /** From the next keyframe on they are so far apart. */
  longGop?: { seconds: number };
  /** At the next keyframe, once, the camera changes to another clip. */
  parameterChange?: ClipOptions;
  /** Random bytes as RTP payloads, or on the bare RTSP connection, or NAL types that do not exist. */
  garbage?: { kind: "payload" | "channel" | "nal-type"; probability?: number };
  /** Every user and password is wrong. */
  refuseAuth?: boolean;
  /** 404 for everything. */
  notFound?: boolean;
  slowAnswers?: { ms: number };
  /** The description offers H.265 only. */
  h265Only?: boolean;
  /** Break every connection that asks for this camera. */
  refuseConnections?: boolean;
  /** Seed of the random faults (loss, reordering, jitter, garbage). */
  seed?: number;
}

/** A change of faults that cannot be understood. */
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
 * @throws {FaultError} on a fault that does not exist or a value that it does not take.
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
