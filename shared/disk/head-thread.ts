import type { BigIntStats } from "node:fs";
import { Worker } from "node:worker_threads";

export interface HeadsQuestion {
  id: number;
  kind: "heads";
  paths: readonly string[];
  /** So many bytes of each file at most go into it, one behind the other. */
  headBytes: number;
  bytes: ArrayBuffer;
}

export interface IdentitiesQuestion {
  id: number;
  kind: "identities";
  paths: readonly string[];
}

/** What tells one file of a name from the next. */
export type FileIdentity = Pick<BigIntStats, "ino" | "size" | "mtimeNs">;

/** In a list of identities: `ino`, `size` and `mtimeNs` of each file; three times 0 for what is no regular file. */
export const IDENTITY_NUMBERS = 3;

export interface OpenedFile {
  /** The asker's to close. */
  fd: number;
  stats: FileIdentity;
  headBytes: number;
}

export interface HeadsAnswer {
  id: number;
  bytes: ArrayBuffer;
  /** By file; undefined for what could not be opened or read, or is no regular file. */
  opened: (OpenedFile | undefined)[];
}

export interface IdentitiesAnswer {
  id: number;
  identities: BigUint64Array;
}

type Answer = HeadsAnswer | IdentitiesAnswer;
/** A question as it is before it has its number. */
type Unnumbered<Question> = Omit<Question, "id">;

/** Opens files, reads their beginnings and looks what they are in a thread of its own, which is the one that waits for the disk. */
export class HeadThread {
  #worker: Worker | undefined;
  readonly #asked = new Map<number, { resolve(answer: Answer): void; reject(error: unknown): void }>();
  #lastId = 0;

  /** `bytes` is taken away and comes back with the answer. Rejects when the thread fails, which begins anew then. */
  read(paths: readonly string[], headBytes: number, bytes: ArrayBuffer): Promise<HeadsAnswer> {
    const question: Unnumbered<HeadsQuestion> = { kind: "heads", paths, headBytes, bytes };
    return this.#ask(question, [bytes]) as Promise<HeadsAnswer>;
  }

  /** What the files are now. Rejects when the thread fails, which begins anew then. */
  async identities(paths: readonly string[]): Promise<BigUint64Array> {
    const question: Unnumbered<IdentitiesQuestion> = { kind: "identities", paths };
    return ((await this.#ask(question, [])) as IdentitiesAnswer).identities;
  }

  #ask(question: Unnumbered<HeadsQuestion | IdentitiesQuestion>, transferred: ArrayBuffer[]): Promise<Answer> {
    this.#worker ??= this.#start();
    const worker = this.#worker;
    return new Promise((resolve, reject) => {
      const id = ++this.#lastId;
      this.#asked.set(id, { resolve, reject });
      worker.ref();
      worker.postMessage({ id, ...question }, transferred);
    });
  }

  #start(): Worker {
    const worker = startWorker();
    worker.on("message", (answer: Answer) => {
      this.#asked.get(answer.id)?.resolve(answer);
      this.#asked.delete(answer.id);
      if (this.#asked.size === 0) worker.unref();
    });
    worker.on("error", (error) => {
      this.#worker = undefined;
      for (const { reject } of this.#asked.values()) reject(error);
      this.#asked.clear();
    });
    return worker;
  }
}

function startWorker(): Worker {
  const isBuilt = !import.meta.url.endsWith(".ts");
  const url = new URL(`./head-thread-worker${isBuilt ? ".js" : ".ts"}`, import.meta.url);
  const trackUnmanagedFds = false; // those that it opens are given away
  if (isBuilt) return new Worker(url, { trackUnmanagedFds });
  // Run from the sources, as by tests: Node.js 20 reads no TypeScript by itself, and tsx must be asked for in each thread.
  const load = `import("tsx/esm/api").then(({ register }) => { register(); return import(${JSON.stringify(url)}); });`;
  return new Worker(load, { eval: true, trackUnmanagedFds });
}
