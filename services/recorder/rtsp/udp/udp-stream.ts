import type { CameraAwayError } from "../../errors/camera-error.ts";
import { ReorderBuffer } from "./reorder-buffer.ts";
import { UdpTransport } from "./udp-transport.ts";

/** The callbacks of a UDP stream's owner. */
export interface UdpStreamHandler {
  /**
   * A packet came on channel 0 (RTP) or 1 (RTCP), in any order.
   * @returns whether it is an RTP packet of the stream, to be put in order
   */
  arrived(channel: number, bytes: Buffer, arrivalMs: number): boolean;
  /** An RTP packet of the stream, in order; called after `arrived`, perhaps only once later packets have arrived. */
  rtp(bytes: Buffer): void;
  /** RTP packets came. */
  heard(): void;
  /** All RTP packets that could be put in order have been passed on. */
  batchEnd(): void;
  failed(error: CameraAwayError): void;
}

/**
 * With 200 ms a frame is passed on no later than from a connection that is read every 250 ms. 1,024 packets in that
 * time are 57 Mbit/s.
 */
const LIMITS = { packets: 1024, bytes: 2 * 1024 * 1024, ms: 200 };

/** One camera's RTP over UDP, put in order. The reasons for its design are in docs/design/udp.md. */
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

  /** The Transport field of SETUP (RFC 2326 §12.39). */
  get transport(): string {
    return `RTP/AVP;unicast;client_port=${this.#transport.rtpPort}-${this.#transport.rtpPort + 1}`;
  }

  /** Why packets may be lost, and what to do; undefined when there is no reason. */
  get problem(): string | undefined {
    return this.#transport.bufferProblem;
  }

  /** Takes the Transport field of the answer to SETUP; sends `report` so that NATs let the camera's packets in. */
  answered(transport: string | undefined, report: Buffer): void {
    this.#transport.answered(transport ?? "", report);
  }

  sendReport(report: Buffer): void {
    this.#transport.sendReport(report);
  }

  /** Gives up late packets, once everything received is read. To be called regularly. */
  tick(nowMs: number): void {
    if (this.#buffer.waiting === 0) return;
    // Timers run before sockets are read, immediates after that.
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
