import { closeSync, mkdirSync, openSync, writeSync } from "node:fs";
import { dirname } from "node:path";

const FLUSH_MS = 100;

/** One access unit that was sent to one client. */
export interface AccessUnitLine {
  event: "access-unit";
  camera: string;
  session: string;
  /** Number of the frame, in decode order, since the camera's start. */
  n: number;
  /** The frame's index within its clip, as the pixel counter shows it. */
  clipIndex: number;
  keyframe: boolean;
  /** True capture time, µs since the Unix epoch. */
  captureTimeUs: number;
  /** As sent. */
  rtpTimestamp: number;
  /** Of the NAL units as sent, each after 00 00 00 01. */
  sha256: string;
  /** The same without parameter sets and access unit delimiters. */
  sha256WithoutParameterSets: string;
  nalCount: number;
  /** Of the NAL units, without start codes. */
  bytes: number;
  packets: number;
  sentAtUs: number;
  /** Whether a fault affected any of its packets, so that they were not sent correctly. */
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
  /** Bytes that were written to the socket but not yet taken by the kernel. */
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

/** A file of JSON lines. Lines are collected and written ten times a second, and when it is closed. */
export class SendLog {
  private readonly file: number | undefined;
  private lines: string[] = [];
  private readonly timer: NodeJS.Timeout | undefined;

  /** @param path the file to append to; undefined: nothing is logged. */
  constructor(path: string | undefined) {
    if (path === undefined) return;
    mkdirSync(dirname(path), { recursive: true });
    this.file = openSync(path, "a");
    this.timer = setInterval(() => this.flush(), FLUSH_MS);
  }

  /** Whether lines are kept at all: otherwise hashing can be saved. */
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
