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
  /** Pixels of the largest picture that is converted. */
  maxPixels: number;
  /** An ffmpeg that is given frames and makes nothing of them for so long hangs. */
  hangMs: number;
  logger: Logger;
  /** It has ended by itself, and its viewers were told. */
  ended(): void;
}

/** What ffmpeg has not taken yet; beyond it frames are left out, up to a keyframe that finds less than half of it. */
const MOST_WAITING_BYTES = 4 * 1024 * 1024;

/** MPEG-1 of a camera for all its viewers here: one ffmpeg, fed with the recorder's frames. */
export class Mpeg1Channel implements Channel {
  readonly audience = new Audience();
  readonly #options: Mpeg1ChannelOptions;
  readonly #packets = new TransportPackets();
  readonly #endListening: () => void;
  #ffmpeg: ChildProcessWithoutNullStreams | undefined;
  /** What ffmpeg was told to decode. */
  #codec: VideoCodec | undefined;
  #isSkipping = false;
  #isOver = false;
  /** When ffmpeg was first given a frame of which nothing has come out yet. */
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
    this.#ffmpeg?.kill("SIGKILL"); // it has nothing to finish
  }

  /** The first frame is a keyframe: ffmpeg is not started before there is something for it to do. */
  #frame({ codec, data, isKeyframe }: LiveFrame): void {
    const nowMs = performance.now();
    if (this.#unansweredSinceMs !== undefined && nowMs - this.#unansweredSinceMs > this.#options.hangMs) {
      this.#fail("ffmpeg hangs, and was killed");
      return;
    }
    this.#codec ??= codec;
    if (codec !== this.#codec) {
      this.#fail(`the camera now sends ${codec.name}`); // who watches asks again
      return;
    }
    const nals = codec.splitAccessUnit(data);
    if (isKeyframe && this.#isTooLarge(codec, nals)) return;
    if (this.#ffmpeg === undefined && !this.#start(codec)) return;
    const stdin = this.#ffmpeg?.stdin;
    if (stdin === undefined) return;
    if (this.#isSkipping && isKeyframe && stdin.writableLength < MOST_WAITING_BYTES / 2) this.#isSkipping = false;
    else if (stdin.writableLength > MOST_WAITING_BYTES) this.#isSkipping = true;
    this.#unansweredSinceMs ??= nowMs;
    if (this.#isSkipping || !stdin.writable) return;
    stdin.cork();
    stdin.write(nals.some(codec.isOpaqueSei) ? withoutOpaqueSei(codec, nals) : data);
    // The parser of ffmpeg knows that a picture is whole only when the next thing begins, and would wait for the next frame.
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

/** ffmpeg is given start codes, and would find those within the SEI as well. */
function withoutOpaqueSei({ isOpaqueSei }: VideoCodec, nals: readonly Buffer[]): Buffer {
  return Buffer.concat(nals.filter((nal) => !isOpaqueSei(nal)).flatMap((nal) => [START_CODE, nal]));
}
