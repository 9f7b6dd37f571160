import type { BigIntStats } from "node:fs";
import { Worker } from "node:worker_threads";

export interface HeadsQuestion {
  id: number;
  kind: "heads";
  paths: readonly string[];
  /** Maximum bytes of each file, and distance of the files' heads in `bytes`. */
  headBytes: number;
  bytes: ArrayBuffer;
}

export interface IdentitiesQuestion {
  id: number;
  kind: "identities";
  paths: readonly string[];
}

/** Tells whether a name still belongs to the same, unchanged file. */
export type FileIdentity = Pick<BigIntStats, "ino" | "size" | "mtimeNs">;

/** Numbers for each file in a list of identities: `ino`, `size` and `mtimeNs`; all 0 when it is not a regular file. */
export const IDENTITY_NUMBERS = 3;

export interface OpenedFile {
  /** To be closed by the caller. */
  fd: number;
  stats: FileIdentity;
  headBytes: number;
}

export interface HeadsAnswer {
  id: number;
  bytes: ArrayBuffer;
  /** One for each file; undefined when it could not be opened or read, or is not a regular file. */
  opened: (OpenedFile | undefined)[];
}

export interface IdentitiesAnswer {
  id: number;
  identities: BigUint64Array;
}

type Answer = HeadsAnswer | IdentitiesAnswer;
/** A question before it gets its number. */
type Unnumbered<Question> = Omit<Question, "id">;

/**
 * Opens files, reads their heads and their identities in a thread of its own, so that only that thread waits for the
 * disk.
 */
export class HeadThread {
  #worker: Worker | undefined;
  readonly #asked = new Map<number, { resolve(answer: Answer): void; reject(error: unknown): void }>();
  #lastId = 0;

  /**
   * `bytes` is transferred, and comes back with the answer. Rejects when the thread fails; the next call starts a new
   * one.
   */
  read(paths: readonly string[], headBytes: number, bytes: ArrayBuffer): Promise<HeadsAnswer> {
    const question: Unnumbered<HeadsQuestion> = { kind: "heads", paths, headBytes, bytes };
    return this.#ask(question, [bytes]) as Promise<HeadsAnswer>;
  }

  /** The current identities of files. Rejects when the thread fails; the next call starts a new one. */
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
  const trackUnmanagedFds = false; // it passes on what it opens
  if (isBuilt) return new Worker(url, { trackUnmanagedFds });
  // When run from the sources, as in tests: Node.js 20 cannot read TypeScript, and tsx must be registered in each
  // thread.
  const load = `import("tsx/esm/api").then(({ register }) => { register(); return import(${JSON.stringify(url)}); });`;
  return new Worker(load, { eval: true, trackUnmanagedFds });
}
