import { mkdir, utimes, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import type { Random } from "../../support/random.ts";
import { type FileOperation, placeOf } from "./syscall-trace.ts";

type DataOperation = Extract<FileOperation, { kind: "append" | "truncate" }>;

/** The history of a file: its names and all operations on its content. */
export interface TracedFile {
  /** Its names, in order of time. */
  paths: string[];
  data: DataOperation[];
  syncs: { startUs: number; endUs: number }[];
}

/** An operation on the entries of a folder, with the files to which they then referred. */
interface EntryOperation {
  startUs: number;
  endUs: number;
  remove?: string;
  set?: { name: string; file: TracedFile | "folder" };
}

interface TracedFolder {
  entries: EntryOperation[];
  syncs: { startUs: number; endUs: number }[];
}

/** What a power loss does to data that was not synced. */
export type Forgetting = "nothing" | "everything" | "the newest" | "at random" | "at random, zeros for data";
export const FORGETTINGS: readonly Forgetting[] = [
  "nothing",
  "everything",
  "the newest",
  "at random",
  "at random, zeros for data",
];

/** The files on the disk after the power is back: content by path below the root. */
export type DiskState = ReadonlyMap<string, Buffer>;

/**
 * The disk on which a trace of system calls was made, as it may look after a power loss. It guarantees what POSIX does
 * and no more: a file's content survives by an fsync(2) or fdatasync(2) of that file that has returned, a name by an
 * fsync(2) of its folder. Everything else may be missing, each change of a name independently; a rename is one change.
 */
export class TracedDisk {
  readonly #root: string;
  readonly #folders = new Map<string, TracedFolder>();
  /** The file to which each name refers at the current position of the trace. */
  readonly #names = new Map<string, TracedFile>();
  /** All files that ever existed. */
  readonly files: TracedFile[] = [];

  constructor(root: string, operations: readonly FileOperation[]) {
    this.#root = root;
    this.#folders.set(root, { entries: [], syncs: [] });
    for (const operation of operations) this.#take(operation);
  }

  /** The disk with all operations applied: what a live file system shows. */
  live(): DiskState {
    return new Map(Array.from(this.#names, ([path, { data }]) => [relative(this.#root, path), contentOf(data)]));
  }

  /** When a file's name and those of the folders above it were first durable; infinite when never. */
  nameDurableUs(path: string): number {
    if (path === this.#root) return 0;
    const { folder, name } = placeOf(path);
    const { entries, syncs } = this.#folder(folder);
    const set = entries.find((entry) => entry.set?.name === name);
    const sync = set && syncs.find(({ startUs }) => startUs >= set.endUs);
    return sync === undefined ? Number.POSITIVE_INFINITY : Math.max(sync.endUs, this.nameDurableUs(folder));
  }

  /** What may be left of the disk after a power loss at `timeUs`. */
  crashAt(timeUs: number, forgetting: Forgetting, random: Random): DiskState {
    const state = new Map<string, Buffer>();
    this.#collect(this.#root, timeUs, forgetting, random, state);
    return state;
  }

  #collect(path: string, timeUs: number, forgetting: Forgetting, random: Random, state: Map<string, Buffer>): void {
    const { entries, syncs } = this.#folder(path);
    const [durable, pending] = split(entries, syncs, timeUs);
    const kept = new Map<string, TracedFile | "folder">();
    for (const { remove, set } of [...durable, ...choose(pending, forgetting, random)]) {
      if (remove !== undefined) kept.delete(remove);
      if (set !== undefined) kept.set(set.name, set.file);
    }
    for (const [name, file] of kept) {
      const below = join(path, name);
      if (file === "folder") this.#collect(below, timeUs, forgetting, random, state);
      else state.set(relative(this.#root, below), survivingContent(file, timeUs, forgetting, random));
    }
  }

  #take(operation: FileOperation): void {
    const { kind, path, startUs, endUs } = operation;
    const { folder, name } = placeOf(path);
    if (kind === "sync") {
      (this.#folders.get(path) ?? this.#fileAt(path)).syncs.push({ startUs, endUs });
    } else if (kind === "append" || kind === "truncate") {
      this.#fileAt(path).data.push(operation);
    } else if (kind === "mkdir") {
      this.#folders.set(path, { entries: [], syncs: [] });
      this.#folder(folder).entries.push({ startUs, endUs, set: { name, file: "folder" } });
    } else if (kind === "create") {
      if (this.#names.has(path)) return; // opened again
      const file: TracedFile = { paths: [], data: [], syncs: [] };
      this.files.push(file);
      this.#name(path, file, operation);
    } else if (kind === "unlink" || kind === "rmdir") {
      this.#names.delete(path);
      this.#folder(folder).entries.push({ startUs, endUs, remove: name });
    } else {
      const file = this.#fileAt(path);
      const { to } = operation as Extract<FileOperation, { to: string }>;
      if (kind === "rename") {
        if (dirname(to) !== folder) throw new Error(`renamed into another folder: ${path}`);
        this.#names.delete(path);
      }
      this.#name(to, file, operation, kind === "rename" ? name : undefined);
    }
  }

  #name(path: string, file: TracedFile, { startUs, endUs }: FileOperation, remove?: string): void {
    const { folder, name } = placeOf(path);
    file.paths.push(path);
    this.#names.set(path, file);
    const entry = { startUs, endUs, set: { name, file } };
    this.#folder(folder).entries.push(remove === undefined ? entry : { ...entry, remove });
  }

  #fileAt(path: string): TracedFile {
    const file = this.#names.get(path);
    if (file === undefined) throw new Error(`the trace does not tell how ${path} came to be`);
    return file;
  }

  #folder(path: string): TracedFolder {
    const folder = this.#folders.get(path);
    if (folder === undefined) throw new Error(`the trace does not tell how ${path} came to be`);
    return folder;
  }
}

/** Writes a state to a folder, with files that were last modified `ageS` ago, so that they count as abandoned. */
export async function writeState(state: DiskState, folder: string, ageS: number): Promise<void> {
  const thenS = Date.now() / 1000 - ageS;
  await mkdir(folder, { recursive: true });
  for (const [path, content] of state) {
    const target = join(folder, path);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, content);
    await utimes(target, thenS, thenS);
  }
}

/** The content that results from operations. */
export function contentOf(operations: readonly DataOperation[]): Buffer {
  let parts: Buffer[] = [];
  for (const operation of operations) {
    if (operation.kind === "append") parts.push(operation.data);
    else {
      const whole = Buffer.alloc(operation.size);
      Buffer.concat(parts).copy(whole);
      parts = [whole];
    }
  }
  return Buffer.concat(parts);
}

/** Splits operations into those that a finished sync made durable, and those that it may not have covered. */
function split<Operation extends { startUs: number; endUs: number }>(
  operations: readonly Operation[],
  syncs: readonly { startUs: number; endUs: number }[],
  timeUs: number,
): [Operation[], Operation[]] {
  const covered = Math.max(
    Number.NEGATIVE_INFINITY,
    ...syncs.filter(({ endUs }) => endUs <= timeUs).map(({ startUs }) => startUs),
  );
  const begun = operations.filter(({ startUs }) => startUs <= timeUs);
  return [begun.filter(({ endUs }) => endUs <= covered), begun.filter(({ endUs }) => endUs > covered)];
}

function choose<Operation>(pending: readonly Operation[], forgetting: Forgetting, random: Random): Operation[] {
  if (forgetting === "nothing") return [...pending];
  if (forgetting === "everything") return [];
  if (forgetting === "the newest") return pending.slice(0, Math.floor(random.between(0, pending.length + 1)));
  return pending.filter(() => random.next() < 0.5);
}

function survivingContent(file: TracedFile, timeUs: number, forgetting: Forgetting, random: Random): Buffer {
  const [durable, pending] = split(file.data, file.syncs, timeUs);
  if (forgetting === "everything") return contentOf(durable);
  if (forgetting === "nothing") return contentOf([...durable, ...pending]);
  const whole = Math.floor(random.between(0, pending.length + 1));
  const next = pending[whole];
  const kept = [...durable, ...pending.slice(0, whole)];
  if (next?.kind === "append") {
    kept.push({ ...next, data: next.data.subarray(0, Math.floor(random.between(0, next.data.length))) });
  }
  const content = contentOf(kept);
  const grown = contentOf([...durable, ...pending]).length;
  if (forgetting !== "at random, zeros for data" || grown <= content.length) return content;
  return Buffer.concat([content, Buffer.alloc(Math.floor(random.between(0, grown - content.length + 1)))]);
}
