import { CameraAwayError } from "../errors/camera-error.ts";
import { RtcpReceiver } from "../rtcp/receiver.ts";
import type { RtspConnection } from "./connection.ts";
import { parseTransportPair } from "./message.ts";
import type { Track } from "./sdp.ts";
import { type PacketKind, TrackChannel } from "./track-channel.ts";
import { UdpStream } from "./udp/udp-stream.ts";

/** What the owner of a transport is told. `bytes` are valid only during the call. */
export interface PacketHandler {
  /** An RTP packet of the track; over UDP in the order of sequence numbers, each once. */
  rtp(bytes: Buffer, start: number, end: number): void;
  /** An RTCP packet of the track. */
  rtcp(bytes: Buffer, start: number, end: number): void;
  /** All that one read brought has been passed on. */
  batchEnd(): void;
  /** Something was heard from the camera; once it plays over UDP, packets of the track. */
  heard(): void;
}

const INTERLEAVED_TRANSPORT = "RTP/AVP/TCP;unicast;interleaved=0-1";

/**
 * Takes in the packets of one track, interleaved in the RTSP connection (RFC 2326 §10.12) or over UDP, and reports
 * to the camera what came of them (RTCP, RFC 3550 §6).
 */
export class TrackTransport {
  readonly #connection: RtspConnection;
  readonly #handler: PacketHandler;
  readonly #channel: TrackChannel;
  readonly #rtcp: RtcpReceiver;
  #udp: UdpStream | undefined;

  constructor(connection: RtspConnection, track: Track, handler: PacketHandler) {
    this.#connection = connection;
    this.#handler = handler;
    this.#channel = new TrackChannel(track.payloadType);
    this.#rtcp = new RtcpReceiver(track.format.clockRate);
  }

  get isOverUdp(): boolean {
    return this.#udp !== undefined;
  }

  /** What keeps UDP packets from coming through safely, and what to do; undefined when nothing does. */
  get udpProblem(): string | undefined {
    return this.#udp?.problem;
  }

  /** Opens ports, once. Throws CameraAwayError when there are none. */
  async openUdp(host: string): Promise<void> {
    const hasZone = host.includes("%"); // which the address of a connection lacks
    const camera = (hasZone ? undefined : this.#connection.remoteAddress) ?? host;
    this.#udp ??= await UdpStream.open(camera, {
      arrived: (channel, bytes, arrivalMs) => this.#sort(channel, bytes, 0, bytes.length, arrivalMs) === "rtp",
      rtp: (bytes) => this.#handler.rtp(bytes, 0, bytes.length),
      heard: () => this.#handler.heard(),
      batchEnd: () => this.#handler.batchEnd(),
      failed: (error) => this.#connection.close(error),
    });
  }

  /** The Transport field that SETUP asks with (RFC 2326 §12.39). */
  get setupField(): string {
    return this.#udp?.transport ?? INTERLEAVED_TRANSPORT;
  }

  /** Takes the Transport field of the answer to SETUP: some cameras play interleaved whatever they are asked for. */
  answered(transport: string | undefined): void {
    this.#channel.answered(transport);
    if (parseTransportPair(transport, "interleaved") !== undefined) {
      this.#udp?.close();
      this.#udp = undefined;
    }
    this.#udp?.answered(transport, this.#rtcp.report(performance.now()));
  }

  /** Takes a packet that came interleaved. */
  take(channel: number, bytes: Buffer, start: number, end: number): void {
    if (this.#udp === undefined && this.#sort(channel, bytes, start, end) === "rtp") {
      this.#handler.rtp(bytes, start, end);
    }
  }

  /** Waits no longer for UDP packets that are late, and sends the report that is due. To be called now and then. */
  tick(nowMs: number): void {
    this.#udp?.tick(nowMs);
    const report = this.#rtcp.due(nowMs);
    if (report === undefined) return;
    const channel = this.#channel.rtcpChannel;
    if (this.#udp !== undefined) this.#udp.sendReport(report);
    else if (channel !== undefined) this.#connection.sendPacket(channel, report);
  }

  /** The session ended by itself: passes on what waits to be put in order. */
  end(): void {
    this.#udp?.end();
  }

  close(): void {
    this.#udp?.close();
  }

  /** @param arrivalMs when it came, by performance.now(); undefined of interleaved packets, that come in batches */
  #sort(channel: number, bytes: Buffer, start: number, end: number, arrivalMs?: number): PacketKind {
    const kind = this.#channel.sort(channel, bytes, start, end);
    if (kind === "rtp") this.#rtcp.rtp(bytes, start, end, arrivalMs);
    if (kind === "rtcp") {
      this.#handler.rtcp(bytes, start, end);
      if (this.#rtcp.rtcp(bytes, start, end, arrivalMs ?? performance.now())) {
        this.#connection.close(new CameraAwayError("the camera ended the stream", "it is opened again by itself"));
      }
    }
    return kind;
  }
}
