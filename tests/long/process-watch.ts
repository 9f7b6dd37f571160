import { readUsage } from "../../bench/support/process-usage.ts";

const SAMPLE_MS = 10_000;
/** A shorter run says nothing about memory, because processes are still warming up. */
const SHORTEST_RUN_MS = 10 * 60_000;
/** Memory is flat when the median of the last quarter exceeds that of the second by no more than this fraction. */
const ALLOWED_GROWTH = 0.1;
const ALLOWED_GROWTH_BYTES = 8 * 2 ** 20;

/** Resource usage of one process in the run. */
export interface ProcessFigures {
  name: string;
  cpuPercent: number;
  /** Medians over the quarters of the run, MB. */
  quartersMb: number[];
  highestMb: number;
  /** Undefined when the run was too short. */
  isFlat: boolean | undefined;
}

/** Samples CPU and resident memory of processes every 10 s. */
export class ProcessWatch {
  readonly #pids: Record<string, number>;
  readonly #samples = new Map<string, number[]>();
  readonly #cpuBefore = new Map<string, number>();
  readonly #cpu = new Map<string, number>();
  readonly #startMs = performance.now();
  readonly #timer: NodeJS.Timeout;
  #endMs = 0;
  /** Processes that no longer existed when they were sampled. */
  readonly gone = new Set<string>();

  constructor(pids: Record<string, number>) {
    this.#pids = pids;
    this.#sample();
    this.#timer = setInterval(() => this.#sample(), SAMPLE_MS);
  }

  /** Takes the last sample. To be called before the processes are ended. */
  stop(): void {
    clearInterval(this.#timer);
    this.#sample();
  }

  /** Messages about what went wrong. */
  violations(): string[] {
    const growing = this.figures().filter(({ isFlat }) => isFlat === false);
    return [
      ...[...this.gone].map((name) => `the ${name} ended by itself`),
      ...growing.map(({ name, quartersMb }) => `memory of the ${name} grows: ${quartersMb.join(", ")} MB by quarter`),
    ];
  }

  figures(): ProcessFigures[] {
    const lengthMs = this.#endMs - this.#startMs;
    return [...this.#samples].map(([name, bytes]) => {
      const quarters = [0, 1, 2, 3].map((quarter) =>
        median(bytes.slice(Math.floor((quarter * bytes.length) / 4), Math.floor(((quarter + 1) * bytes.length) / 4))),
      );
      const [, second = 0, , last = 0] = quarters;
      const cpuSeconds = (this.#cpu.get(name) ?? 0) - (this.#cpuBefore.get(name) ?? 0);
      return {
        name,
        cpuPercent: Math.round((cpuSeconds * 1e7) / lengthMs) / 100,
        quartersMb: quarters.map(megabytes),
        highestMb: megabytes(Math.max(...bytes)),
        isFlat: lengthMs < SHORTEST_RUN_MS ? undefined : last <= second * (1 + ALLOWED_GROWTH) + ALLOWED_GROWTH_BYTES,
      };
    });
  }

  #sample(): void {
    this.#endMs = performance.now();
    for (const [name, pid] of Object.entries(this.#pids)) {
      try {
        const { cpuSeconds, residentBytes } = readUsage(pid);
        if (!this.#cpuBefore.has(name)) this.#cpuBefore.set(name, cpuSeconds);
        this.#cpu.set(name, cpuSeconds);
        const bytes = this.#samples.get(name);
        if (bytes === undefined) this.#samples.set(name, [residentBytes]);
        else bytes.push(residentBytes);
      } catch {
        this.gone.add(name);
      }
    }
  }
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 2 ** 17) / 8;
}
