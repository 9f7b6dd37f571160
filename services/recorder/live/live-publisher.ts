import { randomBytes } from "node:crypto";
import { framesChannel } from "../../../shared/live/channels.ts";
import { encodeFrame, type FrameHeader } from "../../../shared/live/frame-message.ts";

/**
 * What the publisher needs of Redis: a way to publish a message. The promise settles when our memory no longer holds
 * it.
 */
export interface FrameSink {
  readonly isReady: boolean;
  publish(channel: string, message: Buffer): Promise<unknown>;
}

/** What is sent of a frame besides its bytes. */
export type FrameDescription = Pick<FrameHeader, "codec" | "isKeyframe" | "captureTimeUs">;

/** Maximum of unsent bytes; above it frames are dropped, until a keyframe comes when at least half of it is free. */
export const MAX_BYTES_UNDER_WAY = 16 * 1024 * 1024;

/**
 * Sends frames to Redis, and drops them rather than wait or use more than a bounded amount of memory. One publisher
 * serves all cameras of a process.
 */
export class LivePublisher {
  readonly #sink: FrameSink;
  #bytesUnderWay = 0;
  #droppedFrames = 0;
  #sentFrames = 0;

  constructor(sink: FrameSink) {
    this.#sink = sink;
  }

  get bytesUnderWay(): number {
    return this.#bytesUnderWay;
  }

  /** Frames that were not sent because Redis was slow or away. */
  get droppedFrames(): number {
    return this.#droppedFrames;
  }

  get sentFrames(): number {
    return this.#sentFrames;
  }

  /** A run of frames of one camera, with consecutive sequence numbers. */
  run(camera: string): FrameRun {
    return new FrameRun(camera, this);
  }

  /** Hands a message to Redis and returns true, or returns false when there is no room. */
  send(channel: string, isKeyframe: boolean, bytes: number, message: () => Buffer): boolean {
    const limit = isKeyframe ? MAX_BYTES_UNDER_WAY / 2 : MAX_BYTES_UNDER_WAY;
    if (!this.#sink.isReady || (this.#bytesUnderWay > 0 && this.#bytesUnderWay + bytes > limit)) {
      this.#droppedFrames++;
      return false;
    }
    this.#bytesUnderWay += bytes;
    this.#sentFrames++;
    const settled = () => {
      this.#bytesUnderWay -= bytes;
    };
    this.#sink.publish(channel, message()).then(settled, settled);
    return true;
  }
}

/** Numbers the frames of one camera and leaves out those that cannot be decoded because others were dropped. */
export class FrameRun {
  readonly #publisher: LivePublisher;
  readonly #channel: string;
  readonly #source = randomBytes(4).readUInt32BE();
  #sequence = 0;
  #isWaitingForKeyframe = true;

  constructor(camera: string, publisher: LivePublisher) {
    this.#publisher = publisher;
    this.#channel = framesChannel(camera);
  }

  /** Sends the frame in `bytes` between `start` and `end`, which are copied; or drops it. */
  send(frame: FrameDescription, bytes: Buffer, start: number, end: number): void {
    const { codec, isKeyframe, captureTimeUs } = frame;
    if (this.#isWaitingForKeyframe && !isKeyframe) return;
    const sequence = this.#sequence;
    this.#sequence = (sequence + 1) >>> 0;
    this.#isWaitingForKeyframe = !this.#publisher.send(this.#channel, isKeyframe, end - start, () =>
      encodeFrame({ codec, isKeyframe, source: this.#source, sequence, captureTimeUs }, bytes, start, end),
    );
  }
}
