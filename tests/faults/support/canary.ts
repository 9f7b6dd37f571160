import { type ChildProcess, spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { until } from "../../support/fleet.ts";

const PROGRAM = fileURLToPath(new URL("canary.mjs", import.meta.url));
/** Normal lateness of a timer of Node on an idle machine. */
const USUAL_US = 5000;
/** Window before a kill: a stall before it cannot have delayed the recorder's last writes. */
const WINDOW_US = 3_000_000;
const PATIENCE_MS = 30_000;

/** "Written: handed to the kernel at most 1 s after it came in": the promise itself. */
export const WRITTEN_US = 1_000_000;

/**
 * A process that does almost nothing, and records when even that took long: then the machine stalled, not the tested
 * program. So a promised time can be asserted on a machine that all tests share.
 */
export class Canary {
  readonly #child: ChildProcess;
  readonly #file: string;

  private constructor(child: ChildProcess, file: string) {
    this.#child = child;
    this.#file = file;
  }

  /** Starts a canary that writes to `folder`, which should be on the same file system as the recorders' files. */
  static async start(folder: string): Promise<Canary> {
    const file = join(folder, "canary");
    const canary = new Canary(spawn(process.execPath, [PROGRAM, file], { stdio: "inherit" }), file);
    await until("the canary", PATIENCE_MS, async () => (await canary.#looks()).length > 0);
    return canary;
  }

  /** How long, in µs, a frame may have waited to be written at a moment (µs since the Unix epoch). */
  async allowedUs(atUs: number): Promise<number> {
    return WRITTEN_US + (await this.stoodStillUs(atUs - WINDOW_US, atUs));
  }

  /** How long the machine stalled between two moments, µs. Waits until the canary has recorded the later one. */
  async stoodStillUs(fromUs: number, toUs: number): Promise<number> {
    const looks = await until("the canary to go on", PATIENCE_MS, async () => {
      const looks = await this.#looks();
      return (looks.at(-1)?.doneUs ?? 0) > toUs && looks;
    });
    return looks
      .map(({ dueUs, doneUs }) => Math.min(doneUs, toUs) - Math.max(dueUs, fromUs))
      .filter((stoodUs) => stoodUs > USUAL_US)
      .reduce((sum, stoodUs) => sum + stoodUs, 0);
  }

  stop(): void {
    this.#child.kill("SIGKILL");
  }

  async #looks(): Promise<{ dueUs: number; doneUs: number }[]> {
    const text = await readFile(this.#file, "utf8").catch(() => "");
    const lines = text.slice(0, text.lastIndexOf("\n") + 1).split("\n");
    return lines.slice(0, -1).map((line) => {
      const [dueUs, doneUs] = line.split(" ").map(Number);
      return { dueUs: dueUs as number, doneUs: doneUs as number };
    });
  }
}
