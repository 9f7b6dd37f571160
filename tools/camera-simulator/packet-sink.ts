import { createSocket, type Socket as DatagramSocket } from "node:dgram";
import { once } from "node:events";
import type { Socket } from "node:net";
import { INTERLEAVED_HEADER_BYTES, type PacketTemplate } from "./packetizer.ts";

/** The destination of a track's packets. All packets include their interleaved header, stamped with {@link channel}. */
export interface PacketSink {
  readonly kind: "tcp" | "udp";
  readonly channel: number;
  /**
   * Sends all packets of the template without copying them.
   * @returns whether the bytes may be changed again now; if not, they must never be changed.
   */
  sendTemplate(template: PacketTemplate): boolean;
  sendPackets(packets: readonly Buffer[]): void;
  sendControl(rtcp: Buffer): void;
  /** Sends bytes that are not a packet. */
  sendRaw(bytes: Buffer): void;
  /** Bytes that the kernel has not taken yet. */
  queuedBytes(): number;
  close(): void;
}

/** RTP and RTCP interleaved in the RTSP connection (RFC 2326 §10.12). */
export class TcpSink implements PacketSink {
  readonly kind = "tcp";
  readonly channel: number;
  private readonly controlChannel: number;
  private readonly socket: Socket;

  constructor(socket: Socket, channel: number, controlChannel: number) {
    this.socket = socket;
    this.channel = channel;
    this.controlChannel = controlChannel;
  }

  sendTemplate(template: PacketTemplate): boolean {
    this.sendRaw(template.bytes);
    // When Node's write() could give all bytes to the kernel, nothing is queued. With TLS, that is not certain.
    return this.socket.writableLength === 0 && !("encrypted" in this.socket);
  }

  sendPackets(packets: readonly Buffer[]): void {
    if (packets.length > 0) this.sendRaw(Buffer.concat(packets));
  }

  sendControl(rtcp: Buffer): void {
    const header = Buffer.from([0x24, this.controlChannel, 0, 0]);
    header.writeUInt16BE(rtcp.length, 2);
    this.sendRaw(Buffer.concat([header, rtcp]));
  }

  sendRaw(bytes: Buffer): void {
    if (this.socket.writable) this.socket.write(bytes);
  }

  queuedBytes(): number {
    return this.socket.writableLength;
  }

  close(): void {}
}

/** RTP and RTCP in separate UDP packets, from an even port and the odd one above it (RFC 3550 §11). */
export class UdpSink implements PacketSink {
  readonly kind = "udp";
  readonly channel = 0;
  readonly serverPorts: [number, number];
  private readonly rtp: DatagramSocket;
  private readonly rtcp: DatagramSocket;
  private readonly host: string;
  private readonly clientPorts: [number, number];
  private closed = false;

  private constructor(rtp: DatagramSocket, rtcp: DatagramSocket, host: string, clientPorts: [number, number]) {
    this.rtp = rtp;
    this.rtcp = rtcp;
    this.host = host;
    this.clientPorts = clientPorts;
    this.serverPorts = [rtp.address().port, rtcp.address().port];
  }

  /** @param onControl called with each RTCP packet from the client. */
  static async open(
    localHost: string,
    host: string,
    clientPorts: [number, number],
    onControl: (rtcp: Buffer) => void,
  ): Promise<UdpSink> {
    const [rtp, rtcp] = await bindPair(localHost);
    for (const socket of [rtp, rtcp]) socket.on("error", () => {}); // the client's port is closed: RTSP reports it
    rtcp.on("message", onControl);
    return new UdpSink(rtp, rtcp, host, clientPorts);
  }

  sendTemplate(template: PacketTemplate): boolean {
    for (let i = 0; i < template.starts.length - 1; i++) {
      this.sendPacket(template.bytes.subarray(template.starts[i], template.starts[i + 1]));
    }
    return false;
  }

  sendPackets(packets: readonly Buffer[]): void {
    for (const packet of packets) this.sendPacket(packet);
  }

  sendControl(rtcp: Buffer): void {
    if (!this.closed) this.rtcp.send(rtcp, this.clientPorts[1], this.host);
  }

  sendRaw(bytes: Buffer): void {
    for (let at = 0; at < bytes.length; at += 1400) {
      if (!this.closed) this.rtp.send(bytes.subarray(at, at + 1400), this.clientPorts[0], this.host);
    }
  }

  queuedBytes(): number {
    return this.closed ? 0 : this.rtp.getSendQueueSize();
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.rtp.close();
    this.rtcp.close();
  }

  private sendPacket(packet: Buffer): void {
    if (!this.closed) this.rtp.send(packet.subarray(INTERLEAVED_HEADER_BYTES), this.clientPorts[0], this.host);
  }
}

async function bindPair(host: string): Promise<[DatagramSocket, DatagramSocket]> {
  for (let attempt = 0; ; attempt++) {
    const rtp = await bind(host, 0);
    const { port } = rtp.address();
    try {
      if (port % 2 === 0 && port < 65_535) return [rtp, await bind(host, port + 1)];
    } catch (error) {
      if (attempt > 50) throw error;
    }
    rtp.close();
  }
}

async function bind(host: string, port: number): Promise<DatagramSocket> {
  const socket = createSocket(host.includes(":") ? "udp6" : "udp4");
  socket.bind(port, host);
  await once(socket, "listening");
  return socket;
}
