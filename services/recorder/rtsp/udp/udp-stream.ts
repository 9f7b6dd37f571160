import type { CameraAwayError } from "../../errors/camera-error.ts";
import { ReorderBuffer } from "./reorder-buffer.ts";
import { UdpTransport } from "./udp-transport.ts";

/** What the owner of a UDP stream is told. */
export interface UdpStreamHandler {
  /**
   * A packet came on channel 0 (RTP) or 1 (RTCP), in whatever order.
   * @returns whether it is an RTP packet of the stream, to be put in order
   */
  arrived(channel: number, bytes: Buffer, arrivalMs: number): boolean;
  /** An RTP packet of the stream, in order; not later than after `arrived` was called for it or one behind it. */
  rtp(bytes: Buffer): void;
  /** RTP packets came. */
  heard(): void;
  /** All RTP packets that could be put in order have been passed on. */
  batchEnd(): void;
  failed(error: CameraAwayError): void;
}

/**
 * At 200 ms a frame is passed on no later than from a connection that is read every 250 ms. 1,024 packets are 57 Mbit/s
 * for that long.
 */
const LIMITS = { packets: 1024, bytes: 2 * 1024 * 1024, ms: 200 };

/** One camera's RTP over UDP, put in order. docs/design/udp.md tells why it is as it is. */
export class UdpStream {
  readonly #transport: UdpTransport;
  readonly #buffer: ReorderBuffer;
  readonly #handler: UdpStreamHandler;
  #hasHeard = false;
  #isClosed = false;

  private constructor(transport: UdpTransport, buffer: ReorderBuffer, handler: UdpStreamHandler) {
    this.#transport = transport;
    this.#buffer = buffer;
    this.#handler = handler;
  }

  /** Opens a pair of ports for packets of a camera. Throws CameraAwayError when there is none. */
  static async open(camera: string, handler: UdpStreamHandler): Promise<UdpStream> {
    const buffer = new ReorderBuffer(LIMITS, (packet) => handler.rtp(packet));
    const transport = await UdpTransport.open(camera, {
      packet: (channel, bytes, arrivalMs) => {
        if (!handler.arrived(channel, bytes, arrivalMs)) return;
        stream.#hasHeard = true;
        buffer.push(bytes, arrivalMs);
      },
      batchEnd: () => {
        if (stream.#hasHeard) handler.heard();
        stream.#hasHeard = false;
        buffer.tick(performance.now());
        handler.batchEnd();
      },
      failed: (error) => handler.failed(error),
    });
    const stream: UdpStream = new UdpStream(transport, buffer, handler);
    return stream;
  }

  /** What SETUP asks for (RFC 2326 §12.39). */
  get transport(): string {
    return `RTP/AVP;unicast;client_port=${this.#transport.rtpPort}-${this.#transport.rtpPort + 1}`;
  }

  /** What keeps packets from coming through safely, and what to do; undefined when nothing does. */
  get problem(): string | undefined {
    return this.#transport.bufferProblem;
  }

  /** Takes the Transport field of the answer to SETUP; `report` is sent to open the way for the camera's packets. */
  answered(transport: string | undefined, report: Buffer): void {
    this.#transport.answered(transport ?? "", report);
  }

  sendReport(report: Buffer): void {
    this.#transport.sendReport(report);
  }

  /** Waits no longer for what is late, when all that has come is read. To be called now and then. */
  tick(nowMs: number): void {
    if (this.#buffer.waiting === 0) return;
    // Timers run before sockets are read, immediates after it.
    setImmediate(() => {
      if (this.#isClosed) return;
      this.#buffer.tick(nowMs);
      this.#handler.batchEnd();
    });
  }

  /** The session ended by itself: passes on what waits. */
  end(): void {
    this.close();
    this.#buffer.flush();
    this.#handler.batchEnd();
  }

  close(): void {
    this.#isClosed = true;
    this.#transport.close();
  }
}
