import { readdir, readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/** The system calls that change files or make changes durable. Those that `operationOf` does not know are errors. */
const TRACED_CALLS = [
  ...["openat", "creat", "write", "pwrite64", "writev", "pwritev", "pwritev2", "ftruncate", "truncate", "fallocate"],
  ...["copy_file_range", "sendfile", "fsync", "fdatasync", "sync_file_range", "rename", "renameat", "renameat2"],
  ...["link", "linkat", "symlink", "symlinkat", "unlink", "unlinkat", "mkdir", "mkdirat", "rmdir"],
];

/** Arguments for strace(1): one file per thread, complete calls with their durations, strings in full length. */
export function straceArguments(output: string): string[] {
  const calls = `trace=${TRACED_CALLS.join(",")}`;
  return [
    "-ff",
    "-ttt",
    "-T",
    "-y",
    "--seccomp-bpf",
    "-s",
    "100000000",
    "-e",
    calls,
    "-e",
    "signal=none",
    "-o",
    output,
  ];
}

/** An operation of a process on a file or folder. The times are of its begin and end, µs since the Unix epoch. */
export type FileOperation = { startUs: number; endUs: number } & (
  | { kind: "create" | "mkdir" | "unlink" | "rmdir" | "sync"; path: string }
  | { kind: "append"; path: string; data: Buffer }
  | { kind: "truncate"; path: string; size: number }
  | { kind: "rename" | "link"; path: string; to: string }
);

/**
 * The operations below `root` in strace's files (`{prefix}.{thread}` in `folder`), in the order in which they ended.
 * Throws on a call that is not understood: an incomplete trace would prove nothing.
 */
export async function readTrace(folder: string, prefixes: readonly string[], root: string): Promise<FileOperation[]> {
  const operations: FileOperation[] = [];
  for (const name of await readdir(folder)) {
    if (!prefixes.some((prefix) => name.startsWith(`${prefix}.`))) continue;
    for (const line of (await readFile(join(folder, name), "latin1")).split("\n")) {
      const operation = line.includes(root) ? parseLine(line, root) : undefined;
      if (operation !== undefined) operations.push(operation);
    }
  }
  return operations.sort((a, b) => a.endUs - b.endUs);
}

const LINE = /^(\d+\.\d+) (\w+)\((.*)\) += (-?\d+|\?)([^"]*?)(?: <(\d+\.\d+)>)?$/s;

function parseLine(line: string, root: string): FileOperation | undefined {
  const [, start = "", call = "", parameters = "", result = "", , duration] = LINE.exec(line) ?? [];
  if (call === "") throw new Error(`not understood: ${line.slice(0, 200)}`);
  if (result.startsWith("-")) return undefined; // it failed, and changed nothing
  const startUs = Math.round(Number(start) * 1e6);
  const endUs = duration === undefined ? Number.POSITIVE_INFINITY : startUs + Math.round(Number(duration) * 1e6);
  const operation = operationOf(call, parameters, Number(result), root);
  return operation === undefined ? undefined : ({ startUs, endUs, ...operation } as FileOperation);
}

function operationOf(call: string, parameters: string, result: number, root: string): object | undefined {
  const strings = quoted(parameters);
  const path = strings[0]?.toString("utf8") ?? "";
  const open = /^\d+<(.*?)>(\(deleted\))?/.exec(parameters);
  const file = open?.[2] === undefined ? open?.[1] : undefined;
  switch (call) {
    case "openat":
      if (!path.startsWith(root)) return undefined;
      return /O_CREAT/.test(parameters) ? { kind: "create", path } : undefined;
    case "write":
    case "writev":
      if (file === undefined || !file.startsWith(root)) return undefined; // a deleted file, or none below `root`
      return { kind: "append", path: file, data: Buffer.concat(strings).subarray(0, result) };
    case "ftruncate":
      return file === undefined ? undefined : { kind: "truncate", path: file, size: Number(parameters.split(", ")[1]) };
    case "fsync":
    case "fdatasync":
      return file === undefined ? undefined : { kind: "sync", path: file };
    case "rename":
    case "link":
      return { kind: call, path, to: strings[1]?.toString("utf8") };
    case "unlink":
    case "mkdir":
    case "rmdir":
      return { kind: call, path };
    default:
      throw new Error(`${call}(${parameters.slice(0, 200)}) is not understood`);
  }
}

const ESCAPES: Record<string, number> = { n: 10, t: 9, r: 13, v: 11, f: 12, a: 7, b: 8, e: 27 };

/** The quoted strings among a call's parameters, unescaped. */
function quoted(parameters: string): Buffer[] {
  const found: Buffer[] = [];
  for (let at = parameters.indexOf('"'); at !== -1; at = parameters.indexOf('"', at + 1)) {
    const bytes = Buffer.allocUnsafe(parameters.length - at);
    let length = 0;
    for (at++; parameters[at] !== '"'; at++) {
      if (parameters[at] !== "\\") {
        bytes[length++] = parameters.charCodeAt(at);
        continue;
      }
      const octal = /^[0-7]{1,3}/.exec(parameters.slice(at + 1, at + 4))?.[0];
      const letter = parameters[at + 1] as string;
      bytes[length++] = octal === undefined ? (ESCAPES[letter] ?? letter.charCodeAt(0)) : Number.parseInt(octal, 8);
      at += octal?.length ?? 1;
    }
    if (parameters.startsWith("...", at + 1)) throw new Error("strace cut a text short");
    found.push(bytes.subarray(0, length));
  }
  return found;
}

/** The folder of a path, and the name in it. */
export function placeOf(path: string): { folder: string; name: string } {
  return { folder: dirname(path), name: basename(path) };
}
