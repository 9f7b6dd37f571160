import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Whether NTP keeps this machine's clock; "unknown" when no source says, "unwatched" when the check is turned off. */
export type ClockSyncState = "synchronized" | "unsynchronized" | "unknown" | "unwatched";

/**
 * The number of adjtimex(2) by architecture. The kernel holds the state of NTP, shared by all containers; reading it
 * needs no privileges, but no file has it. Node.js cannot make the call. perl can, and is part of every Debian and
 * Ubuntu, images included.
 */
const ADJTIMEX: Partial<Record<NodeJS.Architecture, number>> = { x64: 159, arm64: 171 };
/** Prints `maxerror` of struct timex, µs. A struct of zeros changes nothing. */
const PRINT_MAX_ERROR =
  'my $timex = "\\0" x 256; exit 1 if syscall($ARGV[0] + 0, $timex) < 0; print unpack("x24 q", $timex)';
/**
 * The maximum error that the kernel reports when no NTP daemon has corrected it for hours (NTP_PHASE_LIMIT). systemd
 * decides by this value as well, and not by STA_UNSYNC, which chrony leaves set unless it also keeps the hardware
 * clock (`rtcsync`).
 */
const NO_IDEA_US = 16_000_000;
const PROGRAMS = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const LIMIT_MS = 5000;
const INTERVAL_MS = 300_000;

/**
 * Whether NTP keeps this machine's clock, according to the kernel or, without perl, to systemd; undefined where
 * neither says. Takes ten seconds at most; never rejects. `programs` is where the programs are looked for, in the
 * format of PATH.
 */
export async function readClockSync(programs = PROGRAMS): Promise<boolean | undefined> {
  const ask = async (program: string, args: string[]) => {
    // Our own environment is not passed on: it may hold passwords.
    const env = { PATH: programs, LC_ALL: "C" };
    const answer = await run(program, args, { timeout: LIMIT_MS, killSignal: "SIGKILL", env }).catch(() => undefined);
    return answer?.stdout.trim();
  };
  const call = ADJTIMEX[process.arch];
  const maxErrorUs = call === undefined ? undefined : await ask("perl", ["-e", PRINT_MAX_ERROR, String(call)]);
  if (maxErrorUs !== undefined && /^\d+$/.test(maxErrorUs)) return Number(maxErrorUs) < NO_IDEA_US;
  const answer = await ask("timedatectl", ["show", "--property=NTPSynchronized", "--value"]);
  return answer === "yes" ? true : answer === "no" ? false : undefined;
}

/** Reads the state of the clock's synchronization, at most every five minutes, and only when `state` is read. */
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
   * The state by the newest readings; never waits for one. "unsynchronized" takes two such readings in a row, since a
   * machine that has just started needs a while.
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
