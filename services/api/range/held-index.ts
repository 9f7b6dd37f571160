import { lengthOf } from "../../../shared/mp4/box.ts";

/** What a download needs to hold an index in memory. */
export interface IndexTurn {
  /** Whether somebody else waits for this turn. */
  readonly isWanted: boolean;
  /** Nothing that was made is held in memory any more. May be called more than once. */
  end(): void;
  /** The index, while it is kept for all: it takes no turn to send that. */
  kept(): readonly Buffer[] | undefined;
  /** The index once more, when its turn has come again. Throws when it is another by now, or cannot be made. */
  again(): Promise<Buffer[]>;
}

/** How long a client may take nothing of an index before that is let go of, ms. */
export interface IndexPatience {
  /** While somebody waits for the turn. */
  wantedMs: number;
  otherwiseMs: number;
}

export const INDEX_PATIENCE: IndexPatience = { wantedMs: 250, otherwiseMs: 5000 };
/** Who waits is asked for so often. */
const LOOKS_PER_WAIT = 2;
/** An index up to here takes no more than a download does anyway: nobody need wait for it. */
const SMALL_BYTES = 256 * 1024;

/**
 * The index of a range, in parts. The client of a download that does not read it holds none of it in memory, nor a turn: both
 * are let go of, and the index is made anew when the client goes on.
 */
export class HeldIndex {
  readonly length: number;
  readonly #patience: IndexPatience;
  /** Those that have not been sent, and where the first of them begins. */
  #left: { parts: Buffer[]; start: number } | undefined;

  /** Without `parts` it is kept elsewhere, or made when it is asked for. */
  constructor(parts: readonly Buffer[] | undefined, patience = INDEX_PATIENCE, length = lengthOf(parts ?? [])) {
    if (parts !== undefined) this.#left = { parts: [...parts], start: 0 };
    this.#patience = patience;
    this.length = length;
  }

  /** Hands over what is left of it; it is made anew when it is asked for. */
  take(): Buffer[] {
    const { parts } = this.#left ?? { parts: [] };
    this.#left = undefined;
    return parts;
  }

  /**
   * The bytes from `start` to `end` (exclusive); each part is good until the next one is asked for. Can be called once. Ends
   * the turn when no more than a little is held. Throws what `again` throws.
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

/** The part in which a position lies, from that position on. */
function partAt(parts: readonly Buffer[], position: number): Buffer {
  let start = 0;
  for (const part of parts) {
    if (position < start + part.length) return part.subarray(position - start);
    start += part.length;
  }
  throw new RangeError("past the end of the index");
}

/** Takes the part in which a position lies out of the list, with those before it; returns it from that position on. */
function takeAt(left: { parts: Buffer[]; start: number }, position: number): Buffer {
  for (;;) {
    const part = left.parts.shift();
    if (part === undefined) throw new RangeError("past the end of the index");
    const from = position - left.start;
    left.start += part.length;
    if (from < part.length) return part.subarray(from);
  }
}
