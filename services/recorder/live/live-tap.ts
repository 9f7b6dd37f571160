import type { FrameDescription, FrameRun, LivePublisher } from "./live-publisher.ts";
import { type GopPlace, readGop, type StoredFrame } from "./newest-gop.ts";

/**
 * Maximum of frames queued while the GOP is read from the disk; with more, the stream begins with the next keyframe.
 */
const MAX_QUEUED_BYTES = 4 * 1024 * 1024;
/** When reading the GOP from the disk takes longer, the stream begins with the next keyframe. */
const GOP_TIMEOUT_MS = 1000;

/**
 * Takes a camera's frames for live view. While nobody watches, `isWatched` is false, and checking it is the only cost
 * of live view.
 */
export class LiveTap {
  readonly camera: string;
  /** Set by LiveFeed, as viewers come and go. */
  isWatched = false;
  readonly #publisher: LivePublisher;
  #run: FrameRun | undefined;
  /** Frames that wait until the beginning of their GOP has been sent; undefined when none need to. */
  #queue: StoredFrame[] | undefined;
  #queuedBytes = 0;

  constructor(camera: string, publisher: LivePublisher) {
    this.camera = camera;
    this.#publisher = publisher;
  }

  /**
   * Frames are sent from now on. `gop` resolves, once they are written, to where on the disk all frames of the newest
   * GOP before this call are. These are sent first, so that a picture appears at once however long the GOPs are.
   * Without them the stream begins with the next keyframe.
   */
  begin(gop: Promise<GopPlace | undefined>): void {
    const run = this.#publisher.run(this.camera);
    this.#run = run;
    this.#queue = [];
    this.#queuedBytes = 0;
    const stored = gop.then((place) => (place === undefined ? [] : readGop(place)));
    const timeout = new Promise<StoredFrame[]>((resolve) => setTimeout(resolve, GOP_TIMEOUT_MS, []).unref());
    void Promise.race([stored, timeout])
      .catch(() => []) // the chunk was converted and removed meanwhile: the stream begins with the next keyframe
      .then((frames) => {
        if (this.#run !== run) return;
        const queue = this.#queue;
        this.#queue = undefined;
        if (queue === undefined) return; // too many came meanwhile
        for (const frame of [...frames, ...queue]) run.send(frame, frame.bytes, 0, frame.bytes.length);
      });
  }

  /** No frames are sent any longer. */
  end(): void {
    this.#run = undefined;
    this.#queue = undefined;
  }

  /** Takes a frame, whose bytes between `start` and `end` are copied before the call returns. */
  frame(frame: FrameDescription, bytes: Buffer, start: number, end: number): void {
    if (this.#queue === undefined) {
      this.#run?.send(frame, bytes, start, end);
      return;
    }
    this.#queuedBytes += end - start;
    if (this.#queuedBytes > MAX_QUEUED_BYTES) {
      this.#queue = undefined;
      this.#run = this.#publisher.run(this.camera); // the GOP is read too late
      return;
    }
    this.#queue.push({ ...frame, bytes: Buffer.from(bytes.subarray(start, end)) });
  }
}
