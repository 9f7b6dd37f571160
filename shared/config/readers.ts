import { lstat, realpath } from "node:fs/promises";
import { dirname } from "node:path";
import { parseConfigText } from "./config-file.ts";
import { urlSecrets } from "./secrets.ts";

const READ_BY_OTHERS = 0o004;
const ENTERED_BY_OTHERS = 0o001;

/**
 * The warning for the operator when every user of the machine may read the passwords in a configuration file; undefined
 * when it holds none, or when the mode of the file or of a folder above it keeps others out. Never rejects.
 */
export async function findOpenSecrets(path: string, text: string): Promise<string | undefined> {
  try {
    if (!holdsSecrets(parseConfigText(text, path).value) || !(await isReadByOthers(path))) return undefined;
  } catch {
    return undefined; // gone or changed meanwhile: the next reader reports it
  }
  return `every user of this machine may read the passwords in ${path}: chmod o-rwx ${path}`;
}

function holdsSecrets(value: unknown): boolean {
  if (typeof value === "string") return urlSecrets(value).length > 0;
  if (typeof value !== "object" || value === null) return false;
  return Object.entries(value).some(([key, child]) => key === "webhookUrl" || holdsSecrets(child));
}

async function isReadByOthers(path: string): Promise<boolean> {
  const file = await realpath(path);
  if (((await lstat(file)).mode & READ_BY_OTHERS) === 0) return false;
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    if (((await lstat(folder)).mode & ENTERED_BY_OTHERS) === 0) return false;
    if (folder === dirname(folder)) return true;
  }
}
