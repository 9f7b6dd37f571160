import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../../dist/tools/camera-simulator/main.js", import.meta.url));
const CACHE = join(tmpdir(), "hindsight-camera-simulator");
const READY_TIMEOUT_MS = 180_000;

/** One access unit that the simulator sent to one client; tools/camera-simulator/log.ts describes the fields. */
export interface SentAccessUnit {
  event: "access-unit";
  camera: string;
  session: string;
  n: number;
  clipIndex: number;
  keyframe: boolean;
  captureTimeUs: number;
  rtpTimestamp: number;
  sha256: string;
  sha256WithoutParameterSets: string;
  nalCount: number;
  bytes: number;
  packets: number;
  sentAtUs: number;
  dropped: boolean;
}

export interface SentSessionEvent {
  event: "session-start" | "session-end" | "notice";
  camera: string;
  session?: string;
  reason?: string;
  message?: string;
  transport?: "tcp" | "udp";
  unsentBytes?: number;
  atUs: number;
}

/** A camera simulator in its own process. */
export class RunningSimulator {
  readonly port: number;
  readonly controlPort: number;
  readonly tlsPort: number | undefined;
  readonly pid: number;
  private readonly child: ChildProcess;
  private readonly folder: string;
  private readonly logFile: string;

  constructor(child: ChildProcess, ready: Ready, folder: string, logFile: string) {
    this.child = child;
    this.port = ready.port;
    this.controlPort = ready.controlPort;
    this.tlsPort = ready.tlsPort;
    this.pid = ready.pid;
    this.folder = folder;
    this.logFile = logFile;
  }

  /** The URL of a camera, with user and password when given. */
  url(camera: string, credentials?: { user: string; password: string }): string {
    const login = credentials
      ? `${encodeURIComponent(credentials.user)}:${encodeURIComponent(credentials.password)}@`
      : "";
    return `rtsp://${login}127.0.0.1:${this.port}/${camera}`;
  }

  /**
   * Sets faults, or ends those that are null; with `forMs` they end by themselves. Fields:
   * tools/camera-simulator/faults.ts.
   */
  async setFault(camera: string, faults: Record<string, unknown> & { forMs?: number }): Promise<void> {
    await this.call("POST", `/cameras/${camera}/faults`, faults);
  }

  async clearFaults(camera: string): Promise<void> {
    await this.call("DELETE", `/cameras/${camera}/faults`);
  }

  /** The cameras' states: frames so far, clip, faults, viewers. */
  async states(): Promise<Record<string, unknown>[]> {
    return (await this.call("GET", "/cameras")) as Record<string, unknown>[];
  }

  /** The access units sent so far, in the order of sending; with `camera` only those of that camera. */
  async readLog(camera?: string): Promise<SentAccessUnit[]> {
    const lines = await this.readLines();
    return lines.filter((line): line is SentAccessUnit => line.event === "access-unit" && isOf(line, camera));
  }

  /** Session starts and ends, and notices of changed faults. */
  async readEvents(camera?: string): Promise<SentSessionEvent[]> {
    const lines = await this.readLines();
    return lines.filter((line): line is SentSessionEvent => line.event !== "access-unit" && isOf(line, camera));
  }

  /** Ends the process; the log can still be read until {@link remove}. */
  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = once(this.child, "exit");
    this.child.kill("SIGTERM");
    await exited;
  }

  /** Ends the process and removes its log. */
  async remove(): Promise<void> {
    await this.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  private async readLines(): Promise<(SentAccessUnit | SentSessionEvent)[]> {
    if (this.child.exitCode === null && this.child.signalCode === null) await this.call("POST", "/flush");
    const text = await readFile(this.logFile, "utf8");
    return text
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as SentAccessUnit | SentSessionEvent);
  }

  private async call(method: string, path: string, body?: unknown): Promise<unknown> {
    const init: RequestInit = body === undefined ? { method } : { method, body: JSON.stringify(body) };
    const response = await fetch(`http://127.0.0.1:${this.controlPort}${path}`, init);
    const value = (await response.json()) as unknown;
    if (!response.ok) throw new Error(`camera simulator: ${method} ${path}: ${JSON.stringify(value)}`);
    return value;
  }
}

interface Ready {
  port: number;
  controlPort: number;
  tlsPort?: number;
  pid: number;
}

/**
 * Starts a simulator on free ports of 127.0.0.1 and waits until it serves.
 * @param config its configuration (tools/camera-simulator/README.md); ports, cache and log file are set here.
 * @throws when the simulator was not built, or ends before it is ready.
 */
export async function startSimulator(config: Record<string, unknown>): Promise<RunningSimulator> {
  if (!existsSync(MAIN)) throw new Error(`${MAIN} does not exist: run "npm run build:server" first`);
  const folder = await mkdtemp(join(tmpdir(), "hindsight-simulator-"));
  const logFile = join(folder, "sent.jsonl");
  const whole = { port: 0, controlPort: 0, cacheDir: CACHE, logFile, ...config };
  const child = spawn(process.execPath, [MAIN, "--config", JSON.stringify(whole)], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let complaint = "";
  child.stderr.on("data", (data: Buffer) => {
    complaint = (complaint + data.toString()).slice(-4000);
  });
  const timer = setTimeout(() => child.kill("SIGKILL"), READY_TIMEOUT_MS);
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      const ready = JSON.parse(line) as Ready;
      return new RunningSimulator(child, ready, folder, String(whole.logFile));
    }
    throw new Error(`the camera simulator ended before it was ready: ${complaint}`);
  } catch (error) {
    child.kill("SIGKILL");
    await rm(folder, { recursive: true, force: true });
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

function isOf(line: { camera: string }, camera: string | undefined): boolean {
  return camera === undefined || line.camera === camera;
}
