import { closeSync, mkdirSync, openSync, writeSync } from "node:fs";
import { dirname } from "node:path";

const FLUSH_MS = 100;

/** One access unit that was sent to one client. */
export interface AccessUnitLine {
  event: "access-unit";
  camera: string;
  session: string;
  /** Running number of the frame, in decode order, since the camera was started. */
  n: number;
  /** The frame's index within its clip: what the pixel counter shows. */
  clipIndex: number;
  keyframe: boolean;
  /** True capture time, µs since the Unix epoch. */
  captureTimeUs: number;
  /** As on the wire. */
  rtpTimestamp: number;
  /** Of the NAL units as sent, each behind 00 00 00 01. */
  sha256: string;
  /** The same without parameter sets and access unit delimiters. */
  sha256WithoutParameterSets: string;
  nalCount: number;
  /** Of the NAL units, without start codes. */
  bytes: number;
  packets: number;
  sentAtUs: number;
  /** Whether a fault kept some of its packets, or all, from being sent as they should be. */
  dropped: boolean;
}

interface SessionStartLine {
  event: "session-start";
  camera: string;
  session: string;
  transport: "tcp" | "udp";
  atUs: number;
}

interface SessionEndLine {
  event: "session-end";
  camera: string;
  session: string;
  reason: string;
  /** Bytes that were given to the socket but that the kernel had not taken. */
  unsentBytes: number;
  atUs: number;
}

interface NoticeLine {
  event: "notice";
  camera: string;
  message: string;
  atUs: number;
}

export type LogLine = AccessUnitLine | SessionStartLine | SessionEndLine | NoticeLine;

/** A file of JSON lines. Lines are gathered and written ten times a second, and when it is closed. */
export class SendLog {
  private readonly file: number | undefined;
  private lines: string[] = [];
  private readonly timer: NodeJS.Timeout | undefined;

  /** @param path appended to; undefined: nothing is logged. */
  constructor(path: string | undefined) {
    if (path === undefined) return;
    mkdirSync(dirname(path), { recursive: true });
    this.file = openSync(path, "a");
    this.timer = setInterval(() => this.flush(), FLUSH_MS);
  }

  /** Whether lines are kept at all: hashing is saved when not. */
  get enabled(): boolean {
    return this.file !== undefined;
  }

  write(line: LogLine): void {
    if (this.file !== undefined) this.lines.push(JSON.stringify(line));
  }

  flush(): void {
    if (this.file === undefined || this.lines.length === 0) return;
    const text = Buffer.from(`${this.lines.join("\n")}\n`);
    this.lines = [];
    for (let at = 0; at < text.length; ) at += writeSync(this.file, text, at);
  }

  close(): void {
    clearInterval(this.timer);
    this.flush();
    if (this.file !== undefined) closeSync(this.file);
  }
}
