import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { SystemName } from "./http/envelope.ts";

/** The folder of package.json, above `start`: the same whether called from the sources or from the build in dist/. */
export function projectRoot(start: string): string {
  for (let folder = start; ; folder = dirname(folder)) {
    if (existsSync(join(folder, "package.json"))) return folder;
    if (dirname(folder) === folder) throw new Error(`no package.json in ${start} or above it`);
  }
}

/** The name and version that the answers contain; the version comes from package.json. */
export function systemName(root: string): SystemName {
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
  return { name: "Hindsight", version: manifest.version };
}

/** Where `npm run build:page` puts the page. */
export function pageFolder(root: string): string {
  return join(root, "dist", "page");
}
