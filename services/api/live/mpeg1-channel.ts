import type { ChildProcessWithoutNullStreams } from "node:child_process";
import type { WebSocket } from "ws";
import { START_CODE } from "../../../shared/codec/nal-units.ts";
import type { VideoCodec } from "../../../shared/codec/video-codec.ts";
import type { LiveFrame } from "../../../shared/live/frame-message.ts";
import type { Logger } from "../../../shared/logging/logger.ts";
import { checkPictureSize } from "../../../shared/pictures/picture-size.ts";
import { Audience } from "./audience.ts";
import { type Channel, CloseCode } from "./channel.ts";
import type { LiveSource } from "./live-source.ts";
import { startConversion } from "./mpeg1-muxer.ts";
import { TransportPackets } from "./transport-packets.ts";

export interface Mpeg1ChannelOptions {
  camera: string;
  source: LiveSource;
  ffmpegPath: string;
  /** Larger pictures, in pixels, are not converted. */
  maxPixels: number;
  /** An ffmpeg that gets frames and outputs nothing for this long hangs. */
  hangMs: number;
  logger: Logger;
  /** Called when the channel has ended by itself and closed its viewers' connections. */
  ended(): void;
}

/** Limit of what ffmpeg has not read yet. Beyond it frames are skipped, up to a keyframe at less than half of it. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024;

/** A camera's stream in MPEG-1, for all its viewers: one ffmpeg converts the recorder's frames. */
export class Mpeg1Channel implements Channel {
  readonly audience = new Audience();
  readonly #options: Mpeg1ChannelOptions;
  readonly #packets = new TransportPackets();
  readonly #endListening: () => void;
  #ffmpeg: ChildProcessWithoutNullStreams | undefined;
  /** The codec that ffmpeg was started for. */
  #codec: VideoCodec | undefined;
  #isSkipping = false;
  #isOver = false;
  /** When ffmpeg got the first frame since its last output; undefined when it has answered all. */
  #unansweredSinceMs: number | undefined;
  #complaint = "";

  constructor(options: Mpeg1ChannelOptions) {
    this.#options = options;
    this.audience.setPreamble([JSON.stringify({ type: "start", codec: "mpeg1video" })]);
    this.#endListening = options.source.listen(options.camera, (frame) => this.#frame(frame));
  }

  join(socket: WebSocket): void {
    this.audience.add(socket, []);
  }

  stop(): void {
    this.#isOver = true;
    this.#endListening();
    this.#ffmpeg?.kill("SIGKILL"); // ffmpeg has nothing to finish
  }

  /** Starts ffmpeg with the first frame, which is a keyframe. */
  #frame({ codec, data, isKeyframe }: LiveFrame): void {
    const nowMs = performance.now();
    if (this.#unansweredSinceMs !== undefined && nowMs - this.#unansweredSinceMs > this.#options.hangMs) {
      this.#fail("ffmpeg hangs, and was killed");
      return;
    }
    this.#codec ??= codec;
    if (codec !== this.#codec) {
      this.#fail(`the camera now sends ${codec.name}`); // viewers reconnect
      return;
    }
    const nals = codec.splitAccessUnit(data);
    if (isKeyframe && this.#isTooLarge(codec, nals)) return;
    if (this.#ffmpeg === undefined && !this.#start(codec)) return;
    const stdin = this.#ffmpeg?.stdin;
    if (stdin === undefined) return;
    if (this.#isSkipping && isKeyframe && stdin.writableLength < MAX_WAITING_BYTES / 2) this.#isSkipping = false;
    else if (stdin.writableLength > MAX_WAITING_BYTES) this.#isSkipping = true;
    this.#unansweredSinceMs ??= nowMs;
    if (this.#isSkipping || !stdin.writable) return;
    stdin.cork();
    stdin.write(nals.some(codec.isOpaqueSei) ? withoutOpaqueSei(codec, nals) : data);
    // ffmpeg's parser takes a picture for complete only when the next NAL unit begins, and would wait for the next
    // frame.
    stdin.write(codec.delimiter);
    stdin.uncork();
  }

  #isTooLarge(codec: VideoCodec, nals: readonly Buffer[]): boolean {
    try {
      checkPictureSize(codec, nals, this.#options.maxPixels);
      return false;
    } catch (error) {
      this.#fail((error as Error).message);
      return true;
    }
  }

  #start({ ffmpegFormat }: VideoCodec): boolean {
    const { ffmpegPath, maxPixels } = this.#options;
    try {
      this.#ffmpeg = startConversion(ffmpegPath, ffmpegFormat, maxPixels, {
        data: (bytes) => this.#converted(bytes),
        complaint: (text) => {
          this.#complaint = (this.#complaint + text).slice(-500);
        },
        ended: (reason) => this.#fail(reason),
      });
      return true;
    } catch (error) {
      this.#fail(`${ffmpegPath} cannot be run: ${(error as Error).message}`);
      return false;
    }
  }

  #converted(bytes: Buffer): void {
    this.#unansweredSinceMs = undefined;
    for (const run of this.#packets.push(bytes)) this.audience.send(run.bytes, run.isEntry);
  }

  #fail(reason: string): void {
    if (this.#isOver) return;
    this.stop();
    const complaint = this.#complaint.trim();
    this.#options.logger.warn(
      `camera ${this.#options.camera}: live view in MPEG-1 has failed: ${reason}${complaint === "" ? "" : `: ${complaint}`}`,
    );
    this.audience.close(CloseCode.internalError, "The conversion to MPEG-1 has failed; the api's log says why.");
    this.#options.ended();
  }
}

/** An access unit without opaque SEI: ffmpeg reads a byte stream, and would find start codes within such SEI, too. */
function withoutOpaqueSei({ isOpaqueSei }: VideoCodec, nals: readonly Buffer[]): Buffer {
  return Buffer.concat(nals.filter((nal) => !isOpaqueSei(nal)).flatMap((nal) => [START_CODE, nal]));
}
