import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import type { SentAccessUnit, SentSessionEvent } from "../support/simulator.ts";

/** An access unit that a camera sent to the recorder. */
export interface SentFrame {
  session: SentSession;
  n: number;
  isKeyframe: boolean;
  /** True capture time, µs since the Unix epoch. */
  captureTimeUs: number;
  sentAtUs: number;
  /** Its size on the network, without headers. */
  bytes: number;
  sha256: string;
  sha256WithoutParameterSets: string;
  /** Some of its packets were dropped or garbled. */
  isSpoilt: boolean;
}

/** A session that the recorder had with a camera. */
export interface SentSession {
  index: number;
  transport: "tcp" | "udp";
  startUs: number;
  /** Undefined when the simulator was stopped before the end. */
  endUs?: number;
  /** The reason for its end in the simulator's log. */
  endReason?: string;
  /** Bytes that the kernel had not accepted when it ended. */
  unsentBytes: number;
}

/** What the simulator logged of one camera, in the order of sending. */
export interface SentByCamera {
  sessions: SentSession[];
  frames: SentFrame[];
  /** Changes of faults in the simulator's log. */
  faults: { atUs: number; set: Record<string, unknown>; clear: string[] }[];
}

/** Reads the simulator's log line by line: after an hour it is too long for a string. */
export async function readSentLog(path: string): Promise<Map<string, SentByCamera>> {
  const cameras = new Map<string, SentByCamera>();
  const sessions = new Map<string, SentSession>();
  for await (const text of createInterface({ input: createReadStream(path) })) {
    const line = JSON.parse(text) as SentAccessUnit | SentSessionEvent;
    let camera = cameras.get(line.camera);
    if (camera === undefined) {
      camera = { sessions: [], frames: [], faults: [] };
      cameras.set(line.camera, camera);
    }
    if (line.event === "access-unit") {
      const session = sessions.get(line.session);
      if (session === undefined) throw new Error(`${line.camera}: a frame of a session that never began`);
      camera.frames.push(frameOf(line, session));
    } else if (line.event === "session-start") {
      const { transport = "tcp", atUs } = line;
      const session = { index: camera.sessions.length, transport, startUs: atUs, unsentBytes: 0 };
      sessions.set(String(line.session), session);
      camera.sessions.push(session);
    } else if (line.event === "session-end") {
      // A session that was set up but never played has no start.
      const session = sessions.get(String(line.session));
      if (session === undefined) continue;
      session.endUs = line.atUs;
      session.endReason = line.reason ?? "";
      session.unsentBytes = line.unsentBytes ?? 0;
    } else {
      const change = JSON.parse(String(line.message).replace(/^faults: /, ""));
      camera.faults.push({ atUs: line.atUs, ...change });
    }
  }
  return cameras;
}

function frameOf(line: SentAccessUnit, session: SentSession): SentFrame {
  return {
    session,
    n: line.n,
    isKeyframe: line.keyframe,
    captureTimeUs: line.captureTimeUs,
    sentAtUs: line.sentAtUs,
    bytes: line.bytes,
    sha256: line.sha256,
    sha256WithoutParameterSets: line.sha256WithoutParameterSets,
    isSpoilt: line.dropped,
  };
}
