import { readFileSync } from "node:fs";

const CLOCK_TICKS_PER_SECOND = 100; // sysconf(_SC_CLK_TCK) of Linux

/** What a process has used so far. */
export interface Usage {
  cpuSeconds: number;
  residentBytes: number;
}

/** Reads /proc/{pid}: CPU of the process and of children that it has waited for, and its resident memory. */
export function readUsage(pid: number): Usage {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /s, "")
    .split(" ");
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0); // utime, stime, cutime, cstime
  const resident = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return { cpuSeconds: ticks / CLOCK_TICKS_PER_SECOND, residentBytes: Number(resident ?? 0) * 1024 };
}

/** What processes use over a time: % of a core, and resident bytes at its end, summed. */
export async function measure(
  pids: readonly number[],
  seconds: number,
): Promise<{ corePercent: number; bytes: number }> {
  const before = pids.map(readUsage);
  const start = performance.now();
  await new Promise((wake) => setTimeout(wake, seconds * 1000));
  const after = pids.map(readUsage);
  const elapsed = (performance.now() - start) / 1000;
  const cpu = after.reduce((sum, usage, i) => sum + usage.cpuSeconds - (before[i]?.cpuSeconds ?? 0), 0);
  return { corePercent: (cpu / elapsed) * 100, bytes: after.reduce((sum, usage) => sum + usage.residentBytes, 0) };
}
