import { type ChildProcess, spawn } from "node:child_process";
import { helperEnvironment } from "../shared/process/helper-environment.ts";
import { processSurroundings } from "../shared/process/surroundings.ts";
import { eachLine } from "./log-lines.ts";

/** A program to keep running. */
export interface ProcessDescription {
  /** The prefix of its log lines. */
  name: string;
  command: string;
  args: string[];
  /** Added to our own environment. */
  env?: NodeJS.ProcessEnv;
  /** It is not a service: from our environment it gets only where to find programs. */
  isHelper?: boolean;
  /** Written to its standard input at the start. */
  input?: string;
}

const FIRST_PAUSE_MS = 1000;
const MAX_PAUSE_MS = 30_000;
/** A process that ran for at least this long is restarted after the shortest pause. */
const GOOD_RUN_MS = 60_000;

/**
 * Keeps one process running: restarts it with growing pauses when it ends. It runs in its own process group, so that a
 * Ctrl-C reaches only the supervisor, and learns over an IPC channel when the supervisor has ended.
 */
export class SupervisedProcess {
  readonly #description: ProcessDescription;
  readonly #print: (line: string) => void;
  #child: ChildProcess | undefined;
  #exited: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #pauseMs = FIRST_PAUSE_MS;
  #isStopping = false;

  /** @param print receives the process's output, line by line, and messages about it */
  constructor(description: ProcessDescription, print: (line: string) => void) {
    this.#description = description;
    this.#print = print;
  }

  start(): void {
    const { command, args, env, isHelper = false, input } = this.#description;
    const startedMs = Date.now();
    const own = processSurroundings().env;
    const child = spawn(command, args, {
      detached: true,
      env: { ...(isHelper ? helperEnvironment(own) : own), ...env },
      stdio: ["pipe", "pipe", "pipe", "ipc"],
    });
    this.#child = child;
    child.stdin?.on("error", () => {}); // it ended before reading its input; its exit is reported
    child.stdin?.end(input);
    if (child.stdout !== null) eachLine(child.stdout, (line) => this.#say(line));
    if (child.stderr !== null) eachLine(child.stderr, (line) => this.#say(line));
    this.#exited = new Promise((resolve) => {
      const over = (reason: string) => {
        if (this.#child !== child) return;
        this.#child = undefined;
        resolve();
        if (!this.#isStopping) this.#startAgain(reason, Date.now() - startedMs);
      };
      child.on("error", (error) => over(`could not be started: ${error.message}`));
      child.on("exit", (code, signal) => over(signal === null ? `ended with code ${code}` : `was ended by ${signal}`));
    });
  }

  /** Ends the process with SIGTERM, and by force after `limitMs`. */
  async stop(limitMs: number): Promise<void> {
    this.#isStopping = true;
    clearTimeout(this.#timer);
    this.#child?.kill("SIGTERM");
    const force = setTimeout(() => {
      this.#say(`does not end within ${limitMs / 1000} s: killed`);
      this.#child?.kill("SIGKILL");
    }, limitMs);
    await this.#exited;
    clearTimeout(force);
  }

  #startAgain(reason: string, ranMs: number): void {
    if (ranMs >= GOOD_RUN_MS) this.#pauseMs = FIRST_PAUSE_MS;
    this.#say(`${reason}; started again in ${this.#pauseMs / 1000} s`);
    this.#timer = setTimeout(() => this.start(), this.#pauseMs);
    this.#pauseMs = Math.min(MAX_PAUSE_MS, this.#pauseMs * 2);
  }

  #say(line: string): void {
    this.#print(`${this.#description.name.padEnd(9)} | ${line}`);
  }
}
