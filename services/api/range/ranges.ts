import { readFileSync } from "node:fs";
import type { Response } from "express";
import type { Logger } from "../../../shared/logging/logger.ts";
import type { Catalog } from "../catalog/catalog.ts";
import { OpenFileBudget } from "./held-file.ts";
import { type LaidOut, layOutRange, MOST_PICTURES, type RangeParts } from "./range-file.ts";
import type { RangeRequest } from "./range-request.ts";
import { SendBuffers } from "./send-buffers.ts";
import { Slots } from "./slots.ts";

/** A day has 1,440 minutes. */
const OPEN_FILES = 2500;
/** Ranges whose index is being made or sent: that of a day takes 10 MB. */
const INDEXES_AT_ONCE = 16;
/** For sixty-four downloads in large pieces. */
const SEND_BUFFER_BYTES = 64 * 1024 * 1024;

/** What all ranges of an api share: they bound what it holds, however many are asked for. */
export class Ranges {
  readonly slots = new Slots(INDEXES_AT_ONCE);
  readonly #parts: RangeParts;

  constructor(parts: { catalog: Catalog; logger: Logger }) {
    const budget = new OpenFileBudget(Math.min(OPEN_FILES, Math.floor(openFilesLimit() / 2)));
    this.#parts = { ...parts, budget, buffers: new SendBuffers(SEND_BUFFER_BYTES) };
  }

  /** As `layOutRange`. Who calls it has a slot. */
  layOut(request: RangeRequest, signal: AbortSignal, mostPictures: number = MOST_PICTURES): Promise<LaidOut> {
    return layOutRange(this.#parts, request, signal, mostPictures);
  }
}

/** Aborts when the client has gone, or the answer is done. */
export function untilClosed(res: Response): AbortSignal {
  const gone = new AbortController();
  if (res.destroyed) gone.abort();
  res.once("close", () => gone.abort());
  return gone.signal;
}

/** How many files the process may have open; Node.js has raised it as far as it may (getrlimit(2)). */
function openFilesLimit(): number {
  const limits = readFileSync("/proc/self/limits", "utf8");
  return Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? Number.POSITIVE_INFINITY);
}
