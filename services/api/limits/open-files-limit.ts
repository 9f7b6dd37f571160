import { readFileSync } from "node:fs";

/** How many files the process may have open; Node.js raises the soft limit to the hard one (getrlimit(2)). */
export function openFilesLimit(): number {
  const limits = readFileSync("/proc/self/limits", "utf8");
  return Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? Number.POSITIVE_INFINITY);
}
