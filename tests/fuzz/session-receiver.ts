import type { AccessUnitHandler, Depacketizer } from "../../services/recorder/codec/depacketizer.ts";
import { AccessUnitBuffer } from "../../services/recorder/rtp/access-unit-buffer.ts";
import { emptyRtpPacket, parseRtpPacket } from "../../services/recorder/rtp/packet.ts";
import { SequenceTracker } from "../../services/recorder/rtp/sequence.ts";
import { Authenticator } from "../../services/recorder/rtsp/authentication.ts";
import { InterleavedReader } from "../../services/recorder/rtsp/interleaved-reader.ts";
import {
  header,
  parseSession,
  parseTransportPair,
  type RtspRequest,
  type RtspResponse,
} from "../../services/recorder/rtsp/message.ts";
import { findVideoTrack } from "../../services/recorder/rtsp/sdp.ts";

export interface ReceiverOptions extends AccessUnitHandler {
  videoChannel: number;
  maxBufferBytes: number;
}

/**
 * The path of a camera's bytes from the socket to the access unit buffer, as RtspSession and CameraSession connect it.
 */
export class SessionReceiver {
  readonly buffer: AccessUnitBuffer;
  /** Number of packets and messages from the reader, and of bytes that it skipped. */
  handedOn = 0;
  garbageBytes = 0;
  readonly #options: ReceiverOptions;
  readonly #packet = emptyRtpPacket();
  readonly #sequence = new SequenceTracker();
  readonly #authenticator = new Authenticator("user", "password");
  readonly #reader: InterleavedReader;
  #depacketizer: Depacketizer | undefined;
  #payloadType = -1;

  constructor(options: ReceiverOptions) {
    this.#options = options;
    this.buffer = new AccessUnitBuffer(options.maxBufferBytes);
    this.#reader = new InterleavedReader({
      packet: (channel, bytes, start, end) => {
        this.handedOn++;
        if (channel === options.videoChannel) this.#rtp(bytes, start, end);
      },
      message: (message) => {
        this.handedOn++;
        this.#message(message);
      },
      garbage: (count) => {
        this.garbageBytes += count;
      },
    });
  }

  /** Takes the first `length` bytes of a read. Throws RtspSyntaxError or CameraRefusedError: the session is over. */
  push(bytes: Buffer, length: number): void {
    this.#reader.push(bytes, length);
  }

  /** The stream is over. */
  end(): void {
    this.#depacketizer?.end();
  }

  #message(message: RtspResponse | RtspRequest): void {
    if (message.kind === "request") return;
    this.#authenticator.challenge(message.headers.get("www-authenticate") ?? []);
    this.#authenticator.authorize("SETUP", "rtsp://camera/");
    parseSession(header(message, "session") ?? "");
    parseTransportPair(header(message, "transport"), "interleaved");
    if (message.body.includes("m=") && this.#depacketizer === undefined) this.#describe(message.body);
  }

  #describe(sdp: string): void {
    const track = findVideoTrack(sdp);
    this.#payloadType = track.payloadType;
    this.#depacketizer = track.format.depacketizer(this.buffer, this.#options);
  }

  #rtp(bytes: Buffer, start: number, end: number): void {
    const packet = this.#packet;
    if (this.#depacketizer === undefined || !parseRtpPacket(bytes, start, end, packet)) return;
    if (packet.payloadType !== this.#payloadType) return;
    const lost = this.#sequence.take(packet.sequenceNumber, packet.ssrc, packet.timestamp);
    if (lost === -1) return;
    if (lost > 0) this.#depacketizer.lost();
    this.#depacketizer.take(bytes, packet);
  }
}

/** Passes bytes on in reads that end at `cuts`, through one buffer that is overwritten after each, as with sockets. */
export function pushInReads(
  bytes: Buffer,
  cuts: readonly number[],
  push: (bytes: Buffer, length: number) => void,
): void {
  const ends = cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b);
  const shared = Buffer.allocUnsafe(bytes.length + 16);
  let from = 0;
  for (const to of [...ends, bytes.length]) {
    if (to === from) continue;
    bytes.copy(shared, 0, from, to);
    push(shared, to - from);
    shared.fill(0x24, 0, to - from);
    from = to;
  }
}
