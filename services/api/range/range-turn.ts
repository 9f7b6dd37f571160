import type { Turns } from "../limits/turns.ts";
import { FootageChangedError } from "./held-file.ts";
import type { IndexTurn } from "./held-index.ts";
import type { LaidOut, NewRange, RangeFile } from "./range-file.ts";

/** What is kept of one range. */
export interface KeptRange {
  /** The range as it was laid out before, if all that it was made of is the same. */
  find(): Promise<RangeFile | undefined>;
  /** Its index, while that is kept, if it has this tag. */
  index(etag: string): readonly Buffer[] | undefined;
  keep(range: NewRange): void;
  forget(): void;
}

export interface RangeTurnParts {
  turns: Turns;
  client: string;
  /** Aborts when the client has gone. */
  signal: AbortSignal;
  kept: KeptRange;
  layOut: (mostPictures?: number) => Promise<LaidOut<NewRange>>;
}

/** The turn of one range: while it lasts, the range may be laid out and its index be held in memory. */
export class RangeTurn implements IndexTurn {
  readonly #parts: RangeTurnParts;
  #end: (() => void) | undefined;
  /** What was laid out, by its tag. */
  #etag = "";

  constructor(parts: RangeTurnParts) {
    this.#parts = parts;
  }

  get isWanted(): boolean {
    return this.#parts.turns.isWanted(this.#parts.client);
  }

  /** Waits for the turn, unless it is there. Throws as `Turns.take`. */
  async begin(): Promise<void> {
    this.#end ??= await this.#parts.turns.take(this.#parts.client, this.#parts.signal);
  }

  end(): void {
    this.#end?.();
    this.#end = undefined;
  }

  /**
   * The range as it is kept, or, when its turn has come, laid out; as `layOutRange`. `mostPictures` bounds both. Throws as
   * `begin` does as well.
   */
  async layOut(mostPictures?: number): Promise<LaidOut> {
    const before = await this.#find(mostPictures);
    if (before !== undefined) return before;
    await this.begin();
    const meanwhile = await this.#find(mostPictures);
    if (meanwhile === undefined) return this.layOutAnew(mostPictures);
    this.end();
    return meanwhile;
  }

  /** The range laid out, whatever is kept of it: its files are held open, as far as there is room. Throws as `layOut` does. */
  async layOutAnew(mostPictures?: number): Promise<LaidOut> {
    await this.begin();
    const laidOut = await this.#make(mostPictures);
    if ("file" in laidOut) this.#etag = laidOut.file.entity.etag;
    return laidOut;
  }

  /** What is kept of the range is not what it was. */
  forget(): void {
    this.#parts.kept.forget();
  }

  kept(): readonly Buffer[] | undefined {
    return this.#parts.kept.index(this.#etag);
  }

  /** Waits for a turn once more, and makes the index anew. Throws FootageChangedError when it is another. */
  async again(): Promise<Buffer[]> {
    await this.begin();
    try {
      return await indexOf(await this.#make(), this.#etag);
    } catch (error) {
      this.end();
      throw error;
    }
  }

  async #find(mostPictures = Number.POSITIVE_INFINITY): Promise<RangeFile | undefined> {
    const found = await this.#parts.kept.find();
    if (found === undefined || found.pictures > mostPictures) return undefined;
    this.#etag = found.file.entity.etag;
    return found;
  }

  async #make(mostPictures?: number): Promise<LaidOut> {
    const laidOut = await this.#parts.layOut(mostPictures);
    if (!("file" in laidOut)) return laidOut;
    this.#parts.kept.keep(laidOut);
    const { file, fileName, firstUs, pictures } = laidOut; // and not what is to be kept, which may go before the file does
    return { file, fileName, firstUs, pictures };
  }
}

async function indexOf(laidOut: LaidOut | RangeFile, etag: string): Promise<Buffer[]> {
  if (!("file" in laidOut)) throw new FootageChangedError("what a range was laid out of is gone");
  const { file } = laidOut;
  await file.close();
  if (file.entity.etag === etag) return file.takeIndex();
  throw new FootageChangedError("a minute of the range has changed while nothing was read of it");
}
