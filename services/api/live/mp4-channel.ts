import type { WebSocket } from "ws";
import type { LiveFrame } from "../../../shared/live/frame-message.ts";
import { pictureOf } from "../footage/picture.ts";
import { Audience } from "./audience.ts";
import type { Channel } from "./channel.ts";
import { type LiveSource, MAX_KEPT_BYTES } from "./live-source.ts";
import { MovieFragments, type StreamStart } from "./movie-fragments.ts";

/** A camera's stream in its own codec, as fragmented mp4, for all its viewers: each frame is repackaged once. */
export class Mp4Channel implements Channel {
  readonly audience = new Audience();
  readonly #fragments = new MovieFragments();
  readonly #end: () => void;
  /** The newest GOP so far, for viewers who come later; bounded like that of LiveSource. */
  #gop: Buffer[] = [];
  #gopBytes = 0;

  constructor(camera: string, source: LiveSource) {
    this.#end = source.listen(camera, (frame) => this.#frame(frame));
  }

  join(socket: WebSocket): void {
    this.audience.add(socket, this.#gop);
  }

  stop(): void {
    this.#end();
  }

  #frame(frame: LiveFrame): void {
    const fragment = this.#fragments.take(frame);
    if (fragment === undefined) return;
    if (fragment.start !== undefined) this.audience.setPreamble(preamble(fragment.start));
    this.#keep(fragment.bytes, fragment.isKeyframe);
    this.audience.send(fragment.bytes, fragment.isKeyframe);
  }

  #keep(bytes: Buffer, isKeyframe: boolean): void {
    if (isKeyframe) {
      this.#gop = [];
      this.#gopBytes = 0;
    }
    this.#gopBytes += bytes.length;
    if (this.#gopBytes > MAX_KEPT_BYTES) this.#gop = [];
    else if (isKeyframe || this.#gop.length > 0) this.#gop.push(bytes);
  }
}

function preamble(start: StreamStart): [string, Buffer] {
  const { configuration, startTimeUs } = start;
  const startTime = new Date(startTimeUs / 1000).toISOString();
  const message = { type: "start", ...pictureOf(configuration), startTime };
  return [JSON.stringify({ ...message, startTimeMs: startTimeUs / 1000 }), start.initializationSegment];
}
