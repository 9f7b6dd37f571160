/**
 * Records how long the machine stalled: every 50 ms it measures how late its timer was and how long its own append
 * took. Each line is one measurement, "{when its timer was due} {when its append was done}", µs since the Unix epoch.
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
