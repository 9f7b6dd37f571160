import type { RecorderConfig } from "../../../shared/config/config.ts";
import { ChunkPlanner } from "../chunk/chunk-planner.ts";
import type { ChunkRecorder } from "../chunk/chunk-recorder.ts";
import type { TrackReceiver } from "./track-receiver.ts";

/** Interval between calls of `flushIfDue`: each does what is due before the next. */
export const TICK_INTERVAL_MS = 250;
/** Part of the time until a frame must be written that is reserved for the event loop and the kernel. */
const WRITE_MARGIN_MS = 100;

/**
 * Hands what a track's receiver has gathered to the disk in time. While there is no room for it, access units are
 * dropped and counted, until a keyframe finds room.
 */
export class ChunkFeed {
  readonly #receiver: TrackReceiver;
  readonly #chunks: ChunkRecorder;
  readonly #config: RecorderConfig;
  readonly #planner: ChunkPlanner;
  #waitingSinceMs: number | undefined;
  #isSkippingToKeyframe = false;
  #droppedFrames = 0;

  constructor(receiver: TrackReceiver, chunks: ChunkRecorder, config: RecorderConfig) {
    this.#receiver = receiver;
    this.#chunks = chunks;
    this.#config = config;
    this.#planner = new ChunkPlanner(receiver.clock, receiver.codec.blockKind);
  }

  get droppedFrames(): number {
    return this.#droppedFrames;
  }

  /** Capture time of the newest frame handed to the disk, µs since the Unix epoch; 0 before the first. */
  get newestFrameUs(): number {
    return this.#planner.newestUs;
  }

  /** Access units may have become complete. @param heardMs when they came */
  batchEnd(heardMs: number): void {
    if (this.#receiver.isWaiting) this.#waitingSinceMs ??= heardMs;
  }

  /** Hands over what would be written too late if it waited for the next call. */
  flushIfDue(nowMs: number): void {
    if (this.#waitingSinceMs === undefined) return;
    const { flushIntervalMs, readIntervalMs } = this.#config;
    const latestMs = flushIntervalMs - readIntervalMs - TICK_INTERVAL_MS - WRITE_MARGIN_MS;
    if (nowMs - this.#waitingSinceMs >= latestMs) this.flush();
  }

  /** Hands over what was gathered, once the clock can give its capture times. */
  flush(): void {
    if (this.#receiver.clock.isSettled) this.#handOver();
  }

  /** The stream is over: hands over the rest, and closes the chunk. */
  end(): void {
    this.#handOver();
    this.#chunks.push(this.#planner.end());
  }

  #handOver(): void {
    this.#waitingSinceMs = undefined;
    const batch = this.#receiver.take();
    if (batch === undefined) return;
    const hasRoom = this.#chunks.hasRoomFor(batch.bytes.length);
    if (!hasRoom) this.#isSkippingToKeyframe = true;
    if (this.#isSkippingToKeyframe) {
      const first = hasRoom ? batch.units.findIndex((unit) => unit.isKeyframe) : -1;
      const dropped = batch.units.splice(0, first === -1 ? batch.units.length : first);
      this.#droppedFrames += dropped.length;
      if (first === -1) return;
      this.#isSkippingToKeyframe = false;
    }
    this.#chunks.push(this.#planner.plan(batch));
  }
}
