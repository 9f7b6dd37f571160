/**
 * Kills a process in the middle of a write: looks without a pause at the size of a file that it writes, and sends SIGKILL
 * as soon as the size changes, which with a large write is while the kernel is still copying it.
 * Arguments: pid, file, ms to wait at most. Prints the size seen last.
 */
import { statSync } from "node:fs";

const [pid, file, limitMs] = process.argv.slice(2);
const end = Date.now() + Number(limitMs);
let size = statSync(file).size;
const before = size;
while (size === before && Date.now() < end) {
  try {
    size = statSync(file).size;
  } catch {
    break; // converted meanwhile
  }
}
process.kill(Number(pid), "SIGKILL");
process.stdout.write(`${size}\n`);
