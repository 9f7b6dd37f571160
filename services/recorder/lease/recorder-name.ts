import { readlinkSync } from "node:fs";
import { hostname } from "node:os";

/**
 * The name of this recorder process among all recorders, from which others on the same host can see whether it is gone:
 * `{host name}/{PID namespace}/{pid}/{instance}`.
 */
export function recorderName(instance: string): string {
  return [hostname(), pidNamespace(), process.pid, instance].join("/");
}

/** Whether the process of that name ran on this host and is gone; false for processes of other hosts. */
export function isGone(name: string): boolean {
  const [host, namespace, pid] = name.split("/");
  if (host !== hostname() || namespace !== pidNamespace()) return false;
  if (Number(pid) === process.pid) return true; // an earlier process with our pid
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}

/** Containers with the same host name have separate process ids. */
function pidNamespace(): string {
  return readlinkSync("/proc/self/ns/pid").replace(/\D/g, "");
}
