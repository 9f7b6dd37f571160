import { readFileSync } from "node:fs";
import type { Response } from "express";
import { mountPointUnder } from "../../../shared/disk/files.ts";
import type { Logger } from "../../../shared/logging/logger.ts";
import { minuteStartUs } from "../../../shared/time/minute.ts";
import type { Catalog } from "../catalog/catalog.ts";
import { Has } from "../catalog/day-index.ts";
import { OpenFileBudget } from "./held-file.ts";
import { type LaidOut, layOutRange, MOST_PICTURES, type RangeParts } from "./range-file.ts";
import type { RangeRequest } from "./range-request.ts";
import { SendBuffers } from "./send-buffers.ts";
import { Slots } from "./slots.ts";

/** A day has 1,440 minutes. */
const OPEN_FILES = 2500;
/** Ranges of the cameras of one disk whose index is being made or sent: that of a day takes 10 MB. */
const INDEXES_AT_ONCE = 16;
/** Of longer ones, whose index may take 130 MB: they wait for one another, and nobody else for them. */
const LONG_INDEXES_AT_ONCE = 2;
const LONG_US = 48 * 3600e6;
/** For sixty-four downloads in large pieces. */
const SEND_BUFFER_BYTES = 64 * 1024 * 1024;

/** What all ranges of an api share: they bound what it holds, however many are asked for. */
export class Ranges {
  /** By disk, so that those that wait for one that hangs keep nobody else's turn. */
  readonly #slots = new Map<string, { short: Slots; long: Slots }>();
  readonly #parts: RangeParts;

  constructor(parts: { catalog: Catalog; logger: Logger }) {
    const budget = new OpenFileBudget(Math.min(OPEN_FILES, Math.floor(openFilesLimit() / 2)));
    this.#parts = { ...parts, budget, buffers: new SendBuffers(SEND_BUFFER_BYTES) };
  }

  /**
   * Waits for the turn of a range; returns what ends it, which may be called more than once. Throws DiskHangsError, and what
   * reading the list of cameras throws.
   */
  async turn(request: RangeRequest): Promise<() => void> {
    const [directory] = (await this.#parts.catalog.directories(request.camera)) ?? [];
    const disk = directory === undefined ? "" : await mountPointUnder(directory);
    let slots = this.#slots.get(disk);
    if (slots === undefined) {
      slots = { short: new Slots(INDEXES_AT_ONCE), long: new Slots(LONG_INDEXES_AT_ONCE) };
      this.#slots.set(disk, slots);
    }
    return (lengthUs(request) > LONG_US ? slots.long : slots.short).take();
  }

  /** As `layOutRange`. To be called when its turn has come, which ends when its index is sent. */
  layOut(request: RangeRequest, signal: AbortSignal, mostPictures: number = MOST_PICTURES): Promise<LaidOut> {
    return layOutRange(this.#parts, request, signal, mostPictures);
  }
}

/** So often the last hour is laid out: V8 has compiled most of what a long range needs by then. */
const REHEARSALS = 4;

/**
 * Lays out the last minutes that are found, and lets go of them, some times: what has run often runs in a third of the time,
 * and the first viewer should not be who waits for it. Resolves whatever happens.
 */
export async function rehearse(ranges: Ranges, catalog: Catalog): Promise<void> {
  try {
    const request = await newestHour(catalog);
    if (request === undefined) return;
    for (let i = 0; i < REHEARSALS; i++) {
      const laidOut = await ranges.layOut(request, new AbortController().signal);
      if ("file" in laidOut) await laidOut.file.close();
    }
  } catch {
    // Who asks for it will be told.
  }
}

function lengthUs({ names, startUs, endUs }: RangeRequest): number {
  if (names === undefined) return endUs - startUs;
  return (minuteStartUs(names.to) ?? 0) - (minuteStartUs(names.from) ?? 0);
}

async function newestHour(catalog: Catalog): Promise<RangeRequest | undefined> {
  for (const camera of (await catalog.cameras()).keys()) {
    const day = (await catalog.daysWithFootage(camera)).at(-1);
    const [index] = day === undefined ? [] : await catalog.day(camera, day);
    const to = index && Array.from(index.minutes(Has.mp4)).at(-1)?.minute;
    if (to === undefined) continue;
    const endUs = minuteStartUs(to) ?? 0;
    return { camera, startUs: endUs - 3600e6, endUs, gaps: "skip" };
  }
  return undefined;
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
