import { H264 } from "../../../shared/codec/h264/h264.ts";
import { annexB, PPS, packetize, type SentUnit, SPS, slice } from "./h264-stream.ts";
import { serve } from "./odd-camera.ts";
import { readChunks } from "./recording.ts";
import { type ScriptedServer, until } from "./scripted-server.ts";

const TICKS = 3600;

/** A camera whose pictures are sent one by one, always to the newest session. */
export class SendingCamera {
  /** All pictures, in the order in which they were sent. */
  readonly sent: SentUnit[] = [];
  readonly #server: ScriptedServer;
  #packets = 0;

  private constructor(server: ScriptedServer) {
    this.#server = server;
  }

  /** @param script what it does differently; it answers normally where that returns "well" */
  static async start(script: Parameters<typeof serve>[0] = () => "well"): Promise<SendingCamera> {
    return new SendingCamera(await serve(script));
  }

  get url(): string {
    return this.#server.url;
  }

  /** Number of PLAY requests. */
  get plays(): number {
    return this.#server.methods.filter((method) => method === "PLAY").length;
  }

  /** Sends a picture of one slice to the newest session; resolves when it is handed to the kernel. */
  async send(isKeyframe: boolean, bytes = 200): Promise<void> {
    const picture = slice(bytes, (this.sent.length % 200) + 1, isKeyframe, true);
    const timestamp = this.sent.length * TICKS;
    const unit = { nals: isKeyframe ? [SPS, PPS, picture] : [picture], timestamp, isKeyframe };
    this.sent.push(unit);
    for (const { header, payload } of packetize([unit], 1400, false)) {
      const head = Buffer.alloc(16);
      head.set([0x24, 0]);
      head.writeUInt16BE(12 + payload.length, 2);
      head.set([0x80, (header.marker ? 0x80 : 0) | header.payloadType], 4);
      head.writeUInt16BE(this.#packets++ & 0xffff, 6);
      head.writeUInt32BE(header.timestamp, 8);
      head.writeUInt32BE(header.ssrc, 12);
      const socket = [...this.#server.sockets].at(-1);
      await new Promise((done) => socket?.write(Buffer.concat([head, payload]), done));
    }
  }

  /** Sends an RTCP report of the video's source: a receiver report without blocks, as after a while without frames. */
  report(): void {
    [...this.#server.sockets].at(-1)?.write(Buffer.from([0x24, 1, 0, 8, 0x80, 201, 0, 1, 0, 0, 0, 1]));
  }

  /** Resolves when everything sent to the newest session is processed and its requests are answered, or it is over. */
  async settle(): Promise<void> {
    const { answers, sockets } = this.#server;
    const socket = [...sockets].at(-1);
    for (let round = 0; round < 2 && socket !== undefined && sockets.has(socket); round++) {
      const { length } = answers;
      socket.write("OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n");
      await until(() => answers.length > length || !sockets.has(socket));
    }
  }

  /** Ends all connections cleanly: what was sent arrives. */
  async cut(): Promise<void> {
    for (const socket of this.#server.sockets) socket.end();
    await until(() => this.#server.sockets.size === 0);
  }
}

/** The access units as text, in the form of their blocks. */
export const blocksOf = (units: readonly SentUnit[]) => units.map(({ nals }) => annexB(nals).toString("latin1"));

/** The session in the origin block of each chunk. */
export async function readSessions(directory: string): Promise<number[]> {
  const chunks = [...(await readChunks(directory)).values()];
  return chunks.map(({ blocks }) => JSON.parse(String(blocks[0]?.data)).session);
}

/** The access units in a camera's chunks, as text. */
export async function readUnits(directory: string): Promise<string[]> {
  const chunks = [...(await readChunks(directory)).values()];
  const blocks = chunks.flatMap((chunk) => chunk.blocks).filter(({ kind }) => kind === H264.blockKind);
  return blocks.map(({ data }) => data.toString("latin1"));
}
