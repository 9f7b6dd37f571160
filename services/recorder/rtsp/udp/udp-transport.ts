import type { RemoteInfo, Socket } from "node:dgram";
import { isIP } from "node:net";
import { CameraAwayError } from "../../errors/camera-error.ts";
import { parseTransportPair } from "../message.ts";
import { bindPortPair, type PortPair } from "./port-pair.ts";

/** The callbacks of a UDP transport's owner. */
export interface UdpHandler {
  /** A packet of the camera, on channel 0 (RTP) or 1 (RTCP); the receiver may keep `bytes`. */
  packet(channel: number, bytes: Buffer, arrivalMs: number): void;
  /** All packets of one wake-up have been passed on. */
  batchEnd(): void;
  /** A socket failed. */
  failed(error: CameraAwayError): void;
}

/** The requested receive buffer of the kernel: at 4 Mbit/s, with its overhead, it lasts some 5 s. */
const RECEIVE_BUFFER_BYTES = 2 * 1024 * 1024;
/** Linux reports twice the requested size, because of its overhead (socket(7)). */
const KERNEL_FACTOR = process.platform === "linux" ? 2 : 1;
const RTP_CHANNEL = 0;
const RTCP_CHANNEL = 1;
/** An empty RTP packet: the camera must ignore it, and NATs and firewalls then let the camera's packets in. */
const EMPTY_RTP = Buffer.from([0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);

/** The UDP side of an RTSP session: a pair of ports that receive the camera's packets. */
export class UdpTransport {
  readonly rtpPort: number;
  /** What the operator should know about the kernel's receive buffer; undefined when it is large enough. */
  readonly bufferProblem: string | undefined;
  readonly #pair: PortPair;
  readonly #handler: UdpHandler;
  readonly #camera: string;
  /** The addresses from which the camera may send, and the last one from which it did, in the kernel's notation. */
  readonly #hosts: Set<string>;
  #heardHost = "";
  #serverPorts: [number, number] | undefined;
  #batchEnd: NodeJS.Immediate | undefined;
  #isClosed = false;

  private constructor(pair: PortPair, camera: string, handler: UdpHandler) {
    this.#pair = pair;
    this.#camera = camera;
    this.#hosts = new Set([plainAddress(camera)]);
    this.#handler = handler;
    this.rtpPort = pair.rtpPort;
    this.bufferProblem = receiveBufferProblem(enlarge(pair.rtp));
    this.#listen(pair.rtp, RTP_CHANNEL);
    this.#listen(pair.rtcp, RTCP_CHANNEL);
  }

  /**
   * Opens the ports; packets are passed on at once.
   * @param camera the camera's address, with its zone where it needs one
   */
  static async open(camera: string, handler: UdpHandler): Promise<UdpTransport> {
    return new UdpTransport(await bindPortPair(isIP(camera) === 6 ? 6 : 4), camera, handler);
  }

  /**
   * Takes the Transport field of the answer to SETUP (RFC 2326 §12.39), and sends to the ports in it, so that NATs and
   * firewalls let the camera's packets in.
   * @param report a first receiver report
   */
  answered(transport: string, report: Buffer): void {
    const source = /(?:^|;)\s*source\s*=\s*"?([0-9a-f.:]+)/i.exec(transport)?.[1];
    if (source !== undefined) this.#hosts.add(plainAddress(source));
    this.#serverPorts = parseTransportPair(transport, "server_port");
    if (this.#serverPorts === undefined) return;
    this.#sendTo(this.#pair.rtp, EMPTY_RTP, this.#serverPorts[0]);
    this.sendReport(report);
  }

  /** Sends an RTCP packet to the camera, if its answer to SETUP named ports. */
  sendReport(report: Buffer): void {
    if (this.#serverPorts !== undefined) this.#sendTo(this.#pair.rtcp, report, this.#serverPorts[1]);
  }

  /** Closes the ports; no callback is called afterwards. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearImmediate(this.#batchEnd);
    this.#pair.rtp.close();
    this.#pair.rtcp.close();
  }

  #listen(socket: Socket, channel: number): void {
    socket.on("message", (bytes, from) => {
      if (this.#isClosed || !this.#isOurs(from)) return;
      // One wake-up delivers up to 32 packets, each in a call of its own.
      this.#batchEnd ??= setImmediate(() => {
        this.#batchEnd = undefined;
        this.#handler.batchEnd();
      });
      this.#handler.packet(channel, bytes, performance.now());
    });
    socket.on("error", (error) => {
      if (!this.#isClosed)
        this.#handler.failed(new CameraAwayError(error.message, "check the network", { cause: error }));
    });
  }

  #isOurs({ address }: RemoteInfo): boolean {
    if (address === this.#heardHost) return true;
    if (!this.#hosts.has(plainAddress(address))) return false;
    this.#heardHost = address;
    return true;
  }

  #sendTo(socket: Socket, bytes: Buffer, port: number): void {
    if (this.#isClosed || port < 1 || port > 65_535) return;
    socket.send(bytes, port, this.#camera, () => {}); // an unreachable camera is soon noticed by its silence
  }
}

/** The problem of a receive buffer of this size, as the kernel reports it; undefined when it is large enough. */
export function receiveBufferProblem(grantedBytes: number): string | undefined {
  if (grantedBytes >= RECEIVE_BUFFER_BYTES * KERNEL_FACTOR) return undefined;
  return (
    `the kernel keeps ${Math.round(grantedBytes / 1024)} kB of packets for us, not ` +
    `${(RECEIVE_BUFFER_BYTES * KERNEL_FACTOR) / 1024}: set net.core.rmem_max to ${RECEIVE_BUFFER_BYTES} or more`
  );
}

function enlarge(socket: Socket): number {
  socket.setRecvBufferSize(RECEIVE_BUFFER_BYTES);
  return socket.getRecvBufferSize();
}

/** An address without its zone; an IPv4 address without the prefix that IPv6 sockets add. */
function plainAddress(address: string): string {
  return address
    .replace(/%.*$/, "")
    .replace(/^::ffff:(?=\d+\.)/i, "")
    .toLowerCase();
}
