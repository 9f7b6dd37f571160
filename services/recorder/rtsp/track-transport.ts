import { CameraAwayError } from "../errors/camera-error.ts";
import { RtcpReceiver } from "../rtcp/receiver.ts";
import type { RtspConnection } from "./connection.ts";
import { parseTransportPair } from "./message.ts";
import type { Track } from "./sdp.ts";
import { type PacketKind, TrackChannel } from "./track-channel.ts";
import { UdpStream } from "./udp/udp-stream.ts";

/** The callbacks of a transport's owner. `bytes` are valid only during the call. */
export interface PacketHandler {
  /** An RTP packet of the track; over UDP in the order of sequence numbers, without duplicates. */
  rtp(bytes: Buffer, start: number, end: number): void;
  /** An RTCP packet of the track. */
  rtcp(bytes: Buffer, start: number, end: number): void;
  /** All packets of one read have been passed on. */
  batchEnd(): void;
  /** The camera sent something; once it plays over UDP, only packets of the track count. */
  heard(): void;
}

const INTERLEAVED_TRANSPORT = "RTP/AVP/TCP;unicast;interleaved=0-1";

/**
 * Receives the packets of one track, interleaved in the RTSP connection (RFC 2326 §10.12) or over UDP, and sends
 * receiver reports to the camera (RTCP, RFC 3550 §6).
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

  /** Why UDP packets may be lost, and what to do; undefined when there is no reason. */
  get udpProblem(): string | undefined {
    return this.#udp?.problem;
  }

  /** Opens ports, once. Throws CameraAwayError when none are free. */
  async openUdp(host: string): Promise<void> {
    const hasZone = host.includes("%"); // `remoteAddress` has none
    const camera = (hasZone ? undefined : this.#connection.remoteAddress) ?? host;
    this.#udp ??= await UdpStream.open(camera, {
      arrived: (channel, bytes, arrivalMs) => this.#sort(channel, bytes, 0, bytes.length, arrivalMs) === "rtp",
      rtp: (bytes) => this.#handler.rtp(bytes, 0, bytes.length),
      heard: () => this.#handler.heard(),
      batchEnd: () => this.#handler.batchEnd(),
      failed: (error) => this.#connection.close(error),
    });
  }

  /** The Transport field of SETUP (RFC 2326 §12.39). */
  get setupField(): string {
    return this.#udp?.transport ?? INTERLEAVED_TRANSPORT;
  }

  /** Takes the Transport field of the answer to SETUP: some cameras play interleaved whatever was requested. */
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

  /** Gives up late UDP packets, and sends a report when one is due. To be called regularly. */
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

  /**
   * @param arrivalMs when it came, by performance.now(); undefined for interleaved packets, which are read in batches
   */
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
