import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/** What is known of this machine's clock; "unknown" where nothing tells, "unwatched" where nobody wants to know. */
export type ClockSyncState = "synchronized" | "unsynchronized" | "unknown" | "unwatched";

/**
 * adjtimex(2) by architecture: NTP's state is the kernel's, shared by all containers, readable without any right, and in no
 * file. Node.js cannot call it; perl can, and is part of every Debian and Ubuntu, images included.
 */
const ADJTIMEX: Partial<Record<NodeJS.Architecture, number>> = { x64: 159, arm64: 171 };
/** Prints `maxerror` of struct timex, µs. All zeros ask for nothing to be changed. */
const PRINT_MAX_ERROR =
  'my $timex = "\\0" x 256; exit 1 if syscall($ARGV[0] + 0, $timex) < 0; print unpack("x24 q", $timex)';
/**
 * What the kernel says when no NTP daemon has told it better for hours (NTP_PHASE_LIMIT). systemd judges by this, too, and not
 * by STA_UNSYNC: chrony leaves that set where it does not keep the clock that runs without power (`rtcsync`).
 */
const NO_IDEA_US = 16_000_000;
const PROGRAMS = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const LIMIT_MS = 5000;
const INTERVAL_MS = 300_000;

/**
 * Whether this machine's clock is kept by NTP, as the kernel has it or, without perl, as systemd says; undefined where neither
 * tells. Takes ten seconds at most; never rejects. `programs` is where they are looked for, as in PATH.
 */
export async function readClockSync(programs = PROGRAMS): Promise<boolean | undefined> {
  const ask = async (program: string, args: string[]) => {
    // Of our own environment, which may hold passwords, nothing is passed on.
    const env = { PATH: programs, LC_ALL: "C" };
    const answer = await run(program, args, { timeout: LIMIT_MS, killSignal: "SIGKILL", env }).catch(() => undefined);
    return answer?.stdout.trim();
  };
  const call = ADJTIMEX[process.arch];
  const maxErrorUs = call === undefined ? undefined : await ask("perl", ["-e", PRINT_MAX_ERROR, String(call)]);
  if (maxErrorUs !== undefined && /^\d+$/.test(maxErrorUs)) return Number(maxErrorUs) < NO_IDEA_US;
  const told = await ask("timedatectl", ["show", "--property=NTPSynchronized", "--value"]);
  return told === "yes" ? true : told === "no" ? false : undefined;
}

/** Looks at the clock every five minutes, while it is asked for. */
export class ClockSync {
  readonly #read: () => Promise<boolean | undefined>;
  readonly #intervalMs: number;
  #state: ClockSyncState = "unknown";
  #unsynchronizedReadings = 0;
  #readMs = Number.NEGATIVE_INFINITY;
  #isReading = false;

  constructor(read: () => Promise<boolean | undefined> = readClockSync, intervalMs = INTERVAL_MS) {
    this.#read = read;
    this.#intervalMs = intervalMs;
  }

  /**
   * What the newest readings tell; never waits for one. Only the second in a row without NTP counts: a machine that has just
   * started needs a while.
   */
  get state(): ClockSyncState {
    if (!this.#isReading && performance.now() - this.#readMs >= this.#intervalMs) void this.#look();
    return this.#state;
  }

  async #look(): Promise<void> {
    this.#isReading = true;
    const isSynchronized = await this.#read();
    this.#readMs = performance.now();
    this.#isReading = false;
    this.#unsynchronizedReadings = isSynchronized === false ? this.#unsynchronizedReadings + 1 : 0;
    if (isSynchronized !== false) this.#state = isSynchronized === undefined ? "unknown" : "synchronized";
    else if (this.#unsynchronizedReadings > 1) this.#state = "unsynchronized";
  }
}
