/**
 * Notes how long the machine stood still: every 50 ms it looks how late its timer was and how long an append of its own took.
 * Each line tells of one such look, "{when its timer was due} {when its append was done}", µs since the Unix epoch.
 * Argument: the file to append to.
 */
import { appendFileSync } from "node:fs";

const INTERVAL_MS = 50;
const [file] = process.argv.slice(2);
const nowUs = () => Math.round((performance.timeOrigin + performance.now()) * 1000);

let line = "";
let dueUs = nowUs() + INTERVAL_MS * 1000;
const look = () => {
  appendFileSync(file, line);
  const doneUs = nowUs();
  line = `${dueUs} ${doneUs}\n`;
  dueUs = doneUs + INTERVAL_MS * 1000;
  setTimeout(look, INTERVAL_MS);
};
setTimeout(look, INTERVAL_MS);
