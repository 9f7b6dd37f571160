import { lengthOf } from "../../../shared/mp4/box.ts";

/** A download needs a turn to hold an index in memory. */
export interface IndexTurn {
  /** Whether another download waits for this turn. */
  readonly isWanted: boolean;
  /** Ends the turn: no index that was made is in memory any longer. May be called more than once. */
  end(): void;
  /** The index from the cache that all downloads share, if it is there: sending that takes no turn. */
  kept(): readonly Buffer[] | undefined;
  /** Waits for a turn and makes the index again. Throws when it has changed or cannot be made. */
  again(): Promise<Buffer[]>;
}

/** How long a client may read nothing of an index before its memory is freed, ms. */
export interface IndexPatience {
  /** While another download waits for the turn. */
  wantedMs: number;
  otherwiseMs: number;
}

export const INDEX_PATIENCE: IndexPatience = { wantedMs: 250, otherwiseMs: 5000 };
/** Number of checks within `wantedMs`. */
const LOOKS_PER_WAIT = 2;
/** An index up to this size takes no more memory than a download does anyway, so it holds no turn. */
const SMALL_BYTES = 256 * 1024;

/**
 * The index of a range, in parts. While the client of a download does not read, the memory is freed and the turn
 * ended; the index is made again when the client continues.
 */
export class HeldIndex {
  readonly length: number;
  readonly #patience: IndexPatience;
  /** The parts that have not been sent, and where the first of them begins. */
  #left: { parts: Buffer[]; start: number } | undefined;

  /** @param parts undefined: the index is in the cache, or is made when it is needed */
  constructor(parts: readonly Buffer[] | undefined, patience = INDEX_PATIENCE, length = lengthOf(parts ?? [])) {
    if (parts !== undefined) this.#left = { parts: [...parts], start: 0 };
    this.#patience = patience;
    this.length = length;
  }

  /** Returns the parts that are left, and no longer holds them; the index is made again when it is needed. */
  take(): Buffer[] {
    const { parts } = this.#left ?? { parts: [] };
    this.#left = undefined;
    return parts;
  }

  /**
   * The bytes from `start` to `end` (exclusive); each part is valid until the next one is requested. Can be called
   * once. Ends the turn as soon as it holds little memory. Throws what `again` throws.
   */
  async *contents(start: number, end: number, turn: IndexTurn): AsyncGenerator<Buffer> {
    if (this.length <= SMALL_BYTES) turn.end();
    for (let at = start; at < end; ) {
      const kept = this.#left === undefined ? turn.kept() : undefined;
      if (kept !== undefined) {
        const bytes = partAt(kept, at).subarray(0, end - at);
        yield bytes;
        at += bytes.length;
        continue;
      }
      this.#left ??= { parts: await turn.again(), start: 0 };
      const part = takeAt(this.#left, at);
      const stopWatching = this.#letGoWhenStalled(turn);
      try {
        const bytes = part.subarray(0, end - at);
        yield bytes;
        at += bytes.length;
      } finally {
        stopWatching();
      }
    }
    this.#left = undefined;
    turn.end();
  }

  #letGoWhenStalled(turn: IndexTurn): () => void {
    const { wantedMs, otherwiseMs } = this.#patience;
    const sinceMs = performance.now();
    const timer = setInterval(() => {
      const waitedMs = performance.now() - sinceMs;
      if (waitedMs < (turn.isWanted ? wantedMs : otherwiseMs)) return;
      clearInterval(timer);
      this.#left = undefined;
      turn.end();
    }, wantedMs / LOOKS_PER_WAIT);
    return () => clearInterval(timer);
  }
}

/** The part that contains a position, from that position on. */
function partAt(parts: readonly Buffer[], position: number): Buffer {
  let start = 0;
  for (const part of parts) {
    if (position < start + part.length) return part.subarray(position - start);
    start += part.length;
  }
  throw new RangeError("past the end of the index");
}

/** Removes the part that contains a position and those before it from the list; returns it from that position on. */
function takeAt(left: { parts: Buffer[]; start: number }, position: number): Buffer {
  for (;;) {
    const part = left.parts.shift();
    if (part === undefined) throw new RangeError("past the end of the index");
    const from = position - left.start;
    left.start += part.length;
    if (from < part.length) return part.subarray(from);
  }
}
