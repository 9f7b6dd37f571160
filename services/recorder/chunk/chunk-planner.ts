import { BLOCK_HEADER_BYTES, writeBlockHeader } from "../../../shared/chunk/format.ts";
import { type Minute, minuteAt } from "../../../shared/time/minute.ts";
import type { CaptureClock } from "../clock/capture-clock.ts";
import type { GopPlace } from "../live/newest-gop.ts";
import type { AccessUnitBatch } from "../rtp/access-unit-buffer.ts";

/** One operation on the disk. */
export type ChunkStep =
  | { kind: "open"; minute: Minute; clockOffsetUs: number }
  | WriteStep
  | { kind: "close"; endUs: number }
  | { kind: "call"; done(newestGop: GopPlace | undefined): void };

/** Consecutive blocks in `bytes`, each ending at one of `blockEnds`. */
export interface WriteStep {
  kind: "write";
  bytes: Buffer;
  start: number;
  end: number;
  blockEnds: number[];
  /** Offset at which the block of the last keyframe among them begins. */
  keyframeStart?: number;
  /** No later step writes from these bytes: they may be reused. */
  isLastOfBatch: boolean;
}

/** Duration of the frame of a session with a single frame, µs. */
const DEFAULT_FRAME_US = 40_000;

/**
 * Decides which chunk each access unit of a session belongs to, and gives its block the capture time. A chunk begins at
 * the first keyframe at or after the wall-clock minute, or at the first one after the clock had to be anchored again.
 */
export class ChunkPlanner {
  readonly #clock: CaptureClock;
  readonly #blockKind: number;
  #minute: Minute | undefined;
  /** The two latest capture times; they do not always come in order (B-frames). */
  #lastUs = 0;
  #beforeLastUs = -DEFAULT_FRAME_US;

  /** @param blockKind the kind of the blocks in which access units are stored */
  constructor(clock: CaptureClock, blockKind: number) {
    this.#clock = clock;
    this.#blockKind = blockKind;
  }

  /** Capture time of the newest frame planned, µs since the Unix epoch; 0 before the first. */
  get newestUs(): number {
    return this.#lastUs;
  }

  /** Plans a batch. The first access unit of a session must be a keyframe. */
  plan(batch: AccessUnitBatch): ChunkStep[] {
    const steps: ChunkStep[] = [];
    let write: WriteStep | undefined;
    for (const unit of batch.units) {
      const isAnew = unit.isKeyframe && this.#minute !== undefined && this.#clock.needsAnchor;
      const endUs = this.#endUs();
      if (isAnew) this.#clock.anchor();
      const timeUs = this.#clock.captureTimeUs(unit.rtpUs);
      if (unit.isKeyframe && (isAnew || minuteAt(timeUs) !== this.#minute)) {
        if (this.#minute !== undefined) steps.push({ kind: "close", endUs: isAnew ? endUs : timeUs });
        this.#minute = minuteAt(timeUs);
        steps.push({ kind: "open", minute: this.#minute, clockOffsetUs: this.#clock.wallOffsetUs });
        this.#beforeLastUs = timeUs - this.#frameUs();
        this.#lastUs = timeUs;
        write = undefined;
      }
      const length = unit.end - unit.start - BLOCK_HEADER_BYTES;
      writeBlockHeader(batch.bytes, unit.start, { kind: this.#blockKind, length, timeUs });
      if (write === undefined) {
        write = {
          kind: "write",
          bytes: batch.bytes,
          start: unit.start,
          end: unit.end,
          blockEnds: [],
          isLastOfBatch: false,
        };
        steps.push(write);
      }
      write.end = unit.end;
      if (unit.isKeyframe) write.keyframeStart = unit.start;
      write.blockEnds.push(unit.end);
      if (timeUs > this.#lastUs) {
        this.#beforeLastUs = this.#lastUs;
        this.#lastUs = timeUs;
      } else if (timeUs < this.#lastUs && timeUs > this.#beforeLastUs) {
        this.#beforeLastUs = timeUs;
      }
    }
    if (write !== undefined) write.isLastOfBatch = true;
    return steps;
  }

  /** Plans the end of the session: the last frame lasts as long as the one before it. */
  end(): ChunkStep[] {
    if (this.#minute === undefined) return [];
    this.#minute = undefined;
    return [{ kind: "close", endUs: this.#endUs() }];
  }

  #endUs(): number {
    return this.#lastUs + this.#frameUs();
  }

  #frameUs(): number {
    return this.#lastUs - this.#beforeLastUs;
  }
}
