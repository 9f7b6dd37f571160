import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { hostname } from "node:os";
import { processSurroundings } from "../shared/process/surroundings.ts";

/** Another process holds the lock. */
export class LockedError extends Error {
  override name = "LockedError";
  /** Who holds it, such as "process 4711 on nvr-host"; empty when that is not known. */
  readonly holder: string;

  constructor(holder: string) {
    super(`locked${holder === "" ? "" : ` by ${holder}`}`);
    this.holder = holder;
  }
}

/** The exit code of flock(1) when another process holds the lock. */
const CONFLICT = 1;
const DEFAULT_LIMIT_MS = 5000;
/**
 * Takes the lock on descriptor 9, notes its owner in the file, prints "held", and keeps it until standard input ends.
 */
const HOLD = 'exec 9>>"$1" || exit 2; flock -n 9 || exit; { true >"$1"; echo "$2" >&9; } 2>&-; echo held; exec cat >&2';

/**
 * A lock on a file (flock(2)), which also works between containers and, on NFS, between hosts. Node.js cannot lock
 * files, so a small child process holds the lock. It ends with this process: the kernel releases the lock however this
 * process ends, kill -9 included.
 */
export class FileLock {
  readonly #holder: ChildProcess;

  private constructor(holder: ChildProcess) {
    this.#holder = holder;
  }

  /**
   * Takes the lock, creating the file if needed. Throws LockedError when another process holds it, and Error when the
   * file cannot be opened or locked, or its disk does not answer within `limitMs`.
   */
  static async take(path: string, limitMs = DEFAULT_LIMIT_MS): Promise<FileLock> {
    // Detached, in its own process group: a Ctrl-C must not end it before this process.
    const { PATH } = processSurroundings().env; // nothing else of it: it may contain passwords
    const owner = `process ${process.pid} on ${hostname()}`; // informational only
    const holder = spawn("sh", ["-c", HOLD, "sh", path, owner], { detached: true, env: { PATH }, stdio: "pipe" });
    holder.stdin.on("error", () => {});
    let complaint = "";
    holder.stderr.on("data", (data) => {
      complaint += data;
    });
    const limit = setTimeout(() => {
      complaint = `its disk does not answer within ${limitMs} ms`;
      holder.kill("SIGKILL");
      holder.emit("close", undefined); // it may not end before the disk answers
    }, limitMs);
    const held = once(holder.stdout, "data").then(() => undefined);
    const ended = once(holder, "close").then(([code]) => ({ code: code as number | undefined }));
    held.catch(() => {});
    try {
      const end = await Promise.race([held, ended]);
      if (end?.code === CONFLICT) throw new LockedError(await readHolder(path));
      if (end !== undefined) throw new Error(`${path} cannot be locked: ${complaint.trim() || `code ${end.code}`}`);
    } finally {
      clearTimeout(limit);
      unref(holder);
    }
    return new FileLock(holder);
  }

  /** Releases the lock. */
  async release(): Promise<void> {
    if (this.#holder.exitCode !== null || this.#holder.signalCode !== null) return;
    const ended = once(this.#holder, "exit");
    this.#holder.ref();
    this.#holder.stdin?.end();
    await ended;
  }
}

async function readHolder(path: string): Promise<string> {
  return (await readFile(path, "utf8").catch(() => "")).split("\n", 1)[0] as string;
}

/** Lets this process end without waiting for the child. */
function unref(child: ChildProcess): void {
  child.unref();
  for (const stream of child.stdio) (stream as { unref?(): void } | null | undefined)?.unref?.();
}
