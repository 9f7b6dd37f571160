/**
 * Kills a process in the middle of a write: looks without a pause at the size of a file that it writes, and sends SIGKILL
 * as soon as the size changes, which with a large write is while the kernel is still copying it.
 * Arguments: pid, file, ms to wait at most. Prints when it killed, µs since the Unix epoch.
 */
import { fstatSync, openSync } from "node:fs";

/** So often the signal is practised, which makes it take microseconds. */
const PRACTICE = 20_000;

const [pid, file, limitMs] = process.argv.slice(2);
const victim = Number(pid);
const end = Date.now() + Number(limitMs);
const chunk = openSync(file, "r");
for (let i = 0; i < PRACTICE; i++) process.kill(victim, 0);
const before = fstatSync(chunk).size;
while (fstatSync(chunk).size === before && Date.now() < end);
process.kill(victim, "SIGKILL"); // at once: what runs for the first time takes longer than most writes
process.stdout.write(`${Date.now() * 1000}\n`);
