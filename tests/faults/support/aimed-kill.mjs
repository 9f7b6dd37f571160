/**
 * Kills a process in the middle of a write: polls the size of the file without a pause, and sends SIGKILL as soon as
 * the size changes: with a large write the kernel is then still copying. Arguments: pid, file, maximum ms to wait.
 * Prints the time of the kill, µs since the Unix epoch.
 */
import { fstatSync, openSync } from "node:fs";

/** How often to send a signal for warming up, after which it takes microseconds. */
const PRACTICE = 20_000;

const [pid, file, limitMs] = process.argv.slice(2);
const victim = Number(pid);
const end = Date.now() + Number(limitMs);
const chunk = openSync(file, "r");
for (let i = 0; i < PRACTICE; i++) process.kill(victim, 0);
const before = fstatSync(chunk).size;
while (fstatSync(chunk).size === before && Date.now() < end);
process.kill(victim, "SIGKILL"); // nothing before it: code that runs for the first time is slow
process.stdout.write(`${Date.now() * 1000}\n`);
