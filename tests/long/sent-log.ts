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
  /** What it takes on the wire, headers left out. */
  bytes: number;
  sha256: string;
  sha256WithoutParameterSets: string;
  /** Packets of it were left out or garbled. */
  isSpoilt: boolean;
}

/** A session that the recorder had with a camera. */
export interface SentSession {
  index: number;
  transport: "tcp" | "udp";
  startUs: number;
  /** Undefined when the simulator was stopped before. */
  endUs?: number;
  /** Why it ended, in the simulator's words. */
  endReason?: string;
  /** Bytes that the kernel had not taken when it ended. */
  unsentBytes: number;
}

/** What the simulator logged of one camera, in the order of sending. */
export interface SentByCamera {
  sessions: SentSession[];
  frames: SentFrame[];
  /** Changes of faults, as the simulator took them. */
  faults: { atUs: number; set: Record<string, unknown>; clear: string[] }[];
}

/** Reads the simulator's log, which after an hour no string could hold. */
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
      // One that was set up but never played has no beginning.
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
