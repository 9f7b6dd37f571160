import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";

const PAGE = join(import.meta.dirname, "..");
const BUILT = join(PAGE, "../../../dist/page");
/** What the page is built from, besides some files of shared/. */
const SOURCES = ["src", "public", "index.html", "vite.config.ts"];

/**
 * The folder of the page as `npm run build` made it. Throws when it was not built, or its sources have changed since.
 */
export function builtPage(): string {
  const built = statSync(join(BUILT, "index.html"), { throwIfNoEntry: false });
  const isStale = SOURCES.map((name) => join(PAGE, name)).some((path) => newestMs(path) > (built?.mtimeMs ?? 0));
  if (isStale) throw new Error('the page was not built since it was changed: run "npm run build:page" first');
  return BUILT;
}

function newestMs(path: string): number {
  const stats = statSync(path);
  const inside = stats.isDirectory() ? readdirSync(path).map((name) => newestMs(join(path, name))) : [];
  return Math.max(stats.mtimeMs, ...inside);
}
