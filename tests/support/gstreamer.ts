import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const SCRIPT = fileURLToPath(new URL("gstreamer-server.py", import.meta.url));

/** An access unit that GStreamer's server was given to send; gstreamer-server.py describes the fields. */
export interface PushedAccessUnit {
  event: "access-unit";
  media: number;
  n: number;
  keyframe: boolean;
  sha256: string;
  captureTimeUs: number;
  ptsUs: number;
  atUs: number;
}

/** RTP packets of the access unit with this PTS were sent. */
interface PushedPackets {
  event: "packets";
  ptsUs: number;
  atUs: number;
}

/** GStreamer's RTSP server in its own process, on a free port of 127.0.0.1. */
export class GstreamerServer {
  readonly url: string;
  readonly #child: ChildProcess;
  readonly #logPath: string;

  private constructor(child: ChildProcess, scheme: string, port: number, logPath: string) {
    this.#child = child;
    this.#logPath = logPath;
    this.url = `${scheme}://127.0.0.1:${port}/camera`;
  }

  /** Starts it; its log is written to `folder`. Throws when it ends before it serves. */
  static async start(folder: string, ...args: string[]): Promise<GstreamerServer> {
    const logPath = join(folder, "gstreamer.jsonl");
    const child = spawn("/usr/bin/python3", [SCRIPT, "--port", "0", "--log", logPath, ...args], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    for await (const line of createInterface({ input: child.stdout })) {
      const { port } = JSON.parse(line) as { port: number };
      return new GstreamerServer(child, args.includes("--tls") ? "rtsps" : "rtsp", port, logPath);
    }
    throw new Error("GStreamer's RTSP server ended before it served: see its complaint above");
  }

  /** The access units in the order of sending. */
  async readLog(): Promise<PushedAccessUnit[]> {
    return (await this.#readLines()).filter((line) => line.event === "access-unit");
  }

  /**
   * The delay from capture to sending, µs: of the promptest frames (first percentile), of the usual frame (median), and
   * of the promptest frame in the half second from `firstUs` on, when a session begins. Its payloader mostly holds an
   * access unit back until the next has come, which a receiver cannot know.
   */
  async latenessUs(firstUs: number): Promise<{ promptUs: number; usualUs: number; atFirstUs: number }> {
    const lines = await this.#readLines();
    const left = new Map(lines.filter((line) => line.event === "packets").map((line) => [line.ptsUs, line.atUs]));
    const units = lines.filter((line) => line.event === "access-unit" && left.has(line.ptsUs)) as PushedAccessUnit[];
    const latenessOf = (unit: PushedAccessUnit) => (left.get(unit.ptsUs) as number) - unit.captureTimeUs;
    const sorted = units.map(latenessOf).sort((a, b) => a - b);
    const at = (part: number) => sorted[Math.floor(sorted.length * part)] ?? 0;
    const first = units.filter(({ captureTimeUs }) => captureTimeUs >= firstUs && captureTimeUs < firstUs + 500_000);
    return { promptUs: at(0.01), usualUs: at(0.5), atFirstUs: Math.min(...first.map(latenessOf)) };
  }

  async #readLines(): Promise<(PushedAccessUnit | PushedPackets)[]> {
    const lines = (await readFile(this.#logPath, "utf8")).split("\n").filter((line) => line !== "");
    return lines.map((line) => JSON.parse(line) as PushedAccessUnit | PushedPackets);
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, "exit");
    this.#child.kill("SIGTERM");
    await exited;
  }
}
