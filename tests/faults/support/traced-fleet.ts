import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { straceArguments } from "./syscall-trace.ts";

const SERVICES = fileURLToPath(new URL("../../../dist/services/", import.meta.url));

/** A service that runs under strace. */
export class TracedService {
  readonly #strace: ChildProcess;
  #output = "";

  private constructor(strace: ChildProcess) {
    this.#strace = strace;
    const keep = (data: Buffer) => {
      this.#output += data.toString();
    };
    strace.stdout?.on("data", keep);
    strace.stderr?.on("data", keep);
  }

  /** The trace is written to `{folder}/{service}.{thread}`; `environment` is only for the service. */
  static start(service: string, folder: string, environment: Record<string, string>): TracedService {
    const settings = Object.entries(environment).flatMap(([key, value]) => ["-E", `${key}=${value}`]);
    const main = join(SERVICES, service, "main.js");
    const options = [...straceArguments(join(folder, service)), ...settings, process.execPath, main];
    return new TracedService(spawn("strace", options, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] }));
  }

  /** Stops the service cleanly. Throws, with its output, when it had ended before or exits with an error. */
  async stop(): Promise<void> {
    if (this.#strace.exitCode !== null) throw new Error(`it ended by itself:\n${this.#output}`);
    const exited = once(this.#strace, "exit");
    process.kill(await this.#pid());
    const [code] = await exited;
    if (code !== 0) throw new Error(`it ended with code ${code}:\n${this.#output}`);
  }

  /** Kills it, if it still runs. */
  async kill(): Promise<void> {
    if (this.#strace.exitCode !== null) return;
    const exited = once(this.#strace, "exit");
    const pid = await this.#pid().catch(() => this.#strace.pid as number);
    process.kill(pid, "SIGKILL");
    await exited;
  }

  async #pid(): Promise<number> {
    const { pid } = this.#strace;
    const [child] = (await readFile(`/proc/${pid}/task/${pid}/children`, "utf8")).split(" ");
    if (child === undefined || child === "") throw new Error(`strace has started nothing:\n${this.#output}`);
    return Number(child);
  }
}
