import type { Socket } from "node:net";
import { TcpSink } from "./packet-sink.ts";
import { type HandlerContext, type Outcome, RtspHandler } from "./rtsp-handler.ts";
import { formatAnswer, type RtspInput, RtspReader, type RtspRequest, RtspSyntaxError } from "./rtsp-message.ts";

const MAX_WAITING_REQUESTS = 32;
const EARLY_DATA_MS = 150;

export type ConnectionSurroundings = Pick<HandlerContext, "findCamera" | "wallClock" | "log">;

/** One client's RTSP connection: reads requests, answers them one after the other, and closes with its sessions. */
export class RtspConnection {
  private readonly socket: Socket;
  private readonly reader = new RtspReader();
  private readonly handler: RtspHandler;
  private readonly waiting: RtspRequest[] = [];
  private busy = false;

  constructor(socket: Socket, around: ConnectionSurroundings) {
    this.socket = socket;
    socket.setNoDelay(true);
    this.handler = new RtspHandler({
      ...around,
      localHost: socket.localAddress ?? "127.0.0.1",
      remoteHost: socket.remoteAddress ?? "127.0.0.1",
      openTcpSink: (channel, controlChannel) => new TcpSink(socket, channel, controlChannel),
      breakConnection: () => socket.destroy(),
    });
    socket.on("data", (bytes: Buffer) => this.receive(bytes));
    socket.on("error", () => {}); // "close" follows
    socket.on("close", () => this.end("connection closed"));
  }

  endSilentSessions(): void {
    this.handler.endSilentSessions();
  }

  end(reason: string): void {
    for (const session of this.handler.sessions.values()) session.close(reason);
    this.socket.destroy();
  }

  private receive(bytes: Buffer): void {
    let inputs: RtspInput[];
    try {
      inputs = this.reader.push(bytes);
    } catch (error) {
      if (!(error instanceof RtspSyntaxError)) throw error;
      this.socket.end(formatAnswer({ status: 400, headers: [] }));
      return;
    }
    for (const input of inputs) {
      if (input.kind === "interleaved") this.handler.noteSignOfLife();
      else this.waiting.push(input.request);
    }
    if (this.waiting.length > MAX_WAITING_REQUESTS) this.end("too many requests at once");
    else if (!this.busy) void this.answerWaiting();
  }

  private async answerWaiting(): Promise<void> {
    this.busy = true;
    for (let request = this.waiting.shift(); request; request = this.waiting.shift()) {
      let outcome: Outcome;
      try {
        outcome = await this.handler.handle(request);
      } catch {
        outcome = { answer: { status: 461, headers: [] } }; // no UDP ports available
      }
      const delayMs = outcome.camera?.faults.slowAnswers?.ms ?? 0;
      if (delayMs > 0) await pause(delayMs);
      if (outcome.hangUp || this.socket.destroyed) {
        this.end("refused");
        break;
      }
      if (outcome.garbage !== undefined) this.socket.write(outcome.garbage);
      else if (!outcome.isSilent) await this.write(request, outcome);
    }
    this.busy = false;
  }

  private async write(request: RtspRequest, { answer, camera, start }: Outcome): Promise<void> {
    const quirks = camera?.config.quirks ?? {};
    const sequence: [string, string][] = [["CSeq", request.headers.get("cseq") ?? "0"]];
    const bytes = formatAnswer({ ...answer, headers: [...sequence, ...answer.headers] }, quirks);
    if (start && quirks.dataBeforePlayAnswer) {
      start();
      await pause(EARLY_DATA_MS);
    }
    if (this.socket.writable) this.socket.write(bytes);
    if (start && !quirks.dataBeforePlayAnswer) start();
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
