import { existsSync, writeFileSync } from "node:fs";
import { NOTED_FILE, readNotes, takeNotes } from "./notes.ts";

// npm run bytes:update: renews the notes of what is written and served, and prints what differs from the previous
// notes.

const before = existsSync(NOTED_FILE) ? readNotes() : {};
const now = await takeNotes();
for (const name of new Set([...Object.keys(before), ...Object.keys(now)])) {
  if (JSON.stringify(before[name]) !== JSON.stringify(now[name]))
    console.log(`${name in before ? "other" : "new"}: ${name}`);
}
writeFileSync(NOTED_FILE, `${JSON.stringify(now, undefined, 2)}\n`);
