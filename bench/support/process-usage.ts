import { readFileSync } from "node:fs";

const CLOCK_TICKS_PER_SECOND = 100; // sysconf(_SC_CLK_TCK) of Linux

/** What a process has used since its start. */
export interface Usage {
  cpuSeconds: number;
  residentBytes: number;
  /** Its proportional set size: pages that processes share (libraries) are divided among them. */
  proportionalBytes: number;
  /** Bytes that were written with write(2) and similar calls. */
  writtenBytes: number;
}

/** What processes used during a period, summed; memory as it was at the end. */
export interface MeasuredUsage {
  /** % of one core. */
  corePercent: number;
  /** Resident set size (RSS). */
  bytes: number;
  /** Proportional set size (PSS). */
  proportionalBytes: number;
  writtenBytesPerSecond: number;
}

/** Reads /proc/{pid}: CPU of the process, all its threads and the children it has waited for; memory and writes. */
export function readUsage(pid: number): Usage {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /s, "")
    .split(" ");
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0); // utime, stime, cutime, cstime
  const figure = (file: string, name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(readFileSync(`/proc/${pid}/${file}`, "utf8"))?.[1] ?? 0);
  return {
    cpuSeconds: ticks / CLOCK_TICKS_PER_SECOND,
    residentBytes: figure("status", "VmRSS") * 1024,
    proportionalBytes: figure("smaps_rollup", "Pss") * 1024,
    writtenBytes: figure("io", "wchar"),
  };
}

/** Measures processes for a number of seconds. Throws when one of them has ended by then. */
export async function measure(pids: readonly number[], seconds: number): Promise<MeasuredUsage> {
  const before = pids.map(readUsage);
  const start = performance.now();
  await new Promise((wake) => setTimeout(wake, seconds * 1000));
  const elapsed = (performance.now() - start) / 1000;
  const after = pids.map(readUsage);
  const total = (usages: Usage[], key: keyof Usage) => usages.reduce((sum, usage) => sum + usage[key], 0);
  return {
    corePercent: ((total(after, "cpuSeconds") - total(before, "cpuSeconds")) / elapsed) * 100,
    bytes: total(after, "residentBytes"),
    proportionalBytes: total(after, "proportionalBytes"),
    writtenBytesPerSecond: (total(after, "writtenBytes") - total(before, "writtenBytes")) / elapsed,
  };
}
