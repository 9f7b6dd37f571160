import type { LaterChunk } from "../../shared/conversion/minute-converter.ts";

interface Sighting {
  reason: string;
  atMs: number;
}

/** A chunk is examined again after this time: a converter of a later version may have removed the obstacle by then. */
const LOOK_AGAIN_MS = 10 * 60_000;

/** Chunks that wait for a later version of the converter: they are reported, and not examined at each sweep. */
export class LaterFootage {
  readonly #report: (message: string) => void;
  readonly #nowMs: () => number;
  readonly #chunks = new Map<string, Sighting>();

  /** @param report is called once for each chunk */
  constructor(report: (message: string) => void, nowMs: () => number = () => performance.now()) {
    this.#report = report;
    this.#nowMs = nowMs;
  }

  note({ path, reason }: LaterChunk): void {
    if (!this.#chunks.has(path)) this.#report(`${path} waits for a later version of the converter: ${reason}`);
    this.#chunks.set(path, { reason, atMs: this.#nowMs() });
  }

  /** Whether a chunk was recently found to wait. */
  waits(path: string): boolean {
    const atMs = this.#chunks.get(path)?.atMs;
    return atMs !== undefined && this.#nowMs() - atMs < LOOK_AGAIN_MS;
  }

  /** Forgets all but the chunks that are still there. */
  keepOnly(present: ReadonlySet<string>): void {
    for (const path of this.#chunks.keys()) if (!present.has(path)) this.#chunks.delete(path);
  }

  problems(): string[] {
    const [first] = this.#chunks;
    if (first === undefined) return [];
    const [path, { reason }] = first;
    return [
      `footage of a later version waits, chunks: ${this.#chunks.size}, such as ${path} (${reason}): ` +
        "upgrade the converter, which then converts them",
    ];
  }
}
