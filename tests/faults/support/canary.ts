import { type ChildProcess, spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { until } from "../../support/fleet.ts";

const PROGRAM = fileURLToPath(new URL("canary.mjs", import.meta.url));
/** A timer of Node may be so late on a machine that has nothing else to do. */
const USUAL_US = 5000;
/** Around a kill: what came before cannot have kept the recorder from writing in time. */
const WINDOW_US = 3_000_000;
const PATIENCE_MS = 30_000;

/** "Written: handed to the kernel at most 1 s after it came in": the promise itself. */
export const WRITTEN_US = 1_000_000;

/**
 * A process that does next to nothing, and notes when even that took long: then it was the machine that stood still, not
 * what is tested. So a promise with a time in it can be asserted truly, on a machine that all tests share.
 */
export class Canary {
  readonly #child: ChildProcess;
  readonly #file: string;

  private constructor(child: ChildProcess, file: string) {
    this.#child = child;
    this.#file = file;
  }

  /** Starts one that writes to the same file system as the recorders do: into `folder`. */
  static async start(folder: string): Promise<Canary> {
    const file = join(folder, "canary");
    const canary = new Canary(spawn(process.execPath, [PROGRAM, file], { stdio: "inherit" }), file);
    await until("the canary", PATIENCE_MS, async () => (await canary.#looks()).length > 0);
    return canary;
  }

  /** For how long, in µs, a frame may have been on its way to the kernel at a moment (µs since the Unix epoch). */
  async allowedUs(atUs: number): Promise<number> {
    return WRITTEN_US + (await this.stoodStillUs(atUs - WINDOW_US, atUs));
  }

  /** How long the machine stood still between two moments, µs. Waits until the canary has seen the later one. */
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
