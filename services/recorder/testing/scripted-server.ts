import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";

/** A request as a scripted server saw it. */
export interface SeenRequest {
  method: string;
  url: string;
  head: string;
  cseq: string;
  authorization: string | undefined;
}

/** Returns the answer to a request without its CSeq line, or undefined for no answer. */
export type Script = (request: SeenRequest, socket: Socket, count: number) => string | undefined;

/** An RTSP server that answers by a test's script, and remembers the requests. */
export class ScriptedServer {
  readonly requests: SeenRequest[] = [];
  readonly sockets = new Set<Socket>();
  /** The client's answers to requests of the server. */
  readonly answers: string[] = [];
  readonly #server: Server;
  readonly #isSecure: boolean;
  readonly #script: Script;

  private constructor(script: Script, tls: { key: Buffer; cert: Buffer } | undefined) {
    this.#script = script;
    this.#isSecure = tls !== undefined;
    const accept = (socket: Socket) => this.#serve(socket);
    this.#server = tls === undefined ? createServer(accept) : createTlsServer(tls, accept);
  }

  /** Listens on a free port of 127.0.0.1, by TLS when a certificate and its key are given. */
  static async start(script: Script, tls?: { key: Buffer; cert: Buffer }): Promise<ScriptedServer> {
    const server = new ScriptedServer(script, tls);
    server.#server.listen(0, "127.0.0.1");
    await once(server.#server, "listening");
    return server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `${this.#isSecure ? "rtsps" : "rtsp"}://127.0.0.1:${this.port}/live`;
  }

  get methods(): string[] {
    return this.requests.map((request) => request.method);
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }

  #serve(socket: Socket): void {
    let text = "";
    this.sockets.add(socket);
    socket.on("close", () => this.sockets.delete(socket));
    socket.on("error", () => {});
    socket.on("data", (bytes) => {
      text = withoutPackets(text + bytes.toString("latin1"));
      for (let end = text.indexOf("\r\n\r\n"); end !== -1; end = text.indexOf("\r\n\r\n")) {
        const head = text.slice(0, end);
        text = withoutPackets(text.slice(end + 4));
        if (head.startsWith("RTSP/")) this.answers.push(head);
        else this.#answer(head, socket);
      }
    });
  }

  #answer(head: string, socket: Socket): void {
    const [method = "", url = ""] = head.split(" ");
    const cseq = /^CSeq: (\d+)$/m.exec(head)?.[1] ?? "";
    const authorization = /^Authorization: (.*)$/m.exec(head)?.[1]?.trim();
    const request: SeenRequest = { method, url, head, cseq, authorization };
    this.requests.push(request);
    const count = this.requests.filter((one) => one.method === method).length;
    const answer = this.#script(request, socket, count);
    if (answer !== undefined) socket.write(answer.replace(/^(RTSP\S+ [^\r\n]*\r\n)/, `$1CSeq: ${cseq}\r\n`));
  }
}

/** The text without the complete interleaved packets at its beginning, which are the client's RTCP reports. */
function withoutPackets(text: string): string {
  let at = 0;
  while (text[at] === "$" && text.length >= at + 4) {
    const end = at + 4 + text.charCodeAt(at + 2) * 256 + text.charCodeAt(at + 3);
    if (end > text.length) break;
    at = end;
  }
  return text.slice(at);
}

const SDP = "v=0\r\ns=x\r\na=control:*\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:trackID=1\r\n";

/** An answer with fields and a body, as `Script` gives it. */
export function answer(status: string, fields: Record<string, string> = {}, body = ""): string {
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  const length = body === "" ? "" : `Content-Length: ${body.length}\r\n`;
  return `RTSP/1.0 ${status}\r\n${lines.join("")}${length}\r\n${body}`;
}

/** The answer of a camera without peculiarities. */
export function goodAnswer(request: SeenRequest): string {
  switch (request.method) {
    case "OPTIONS":
      return answer("200 OK", { Public: "OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, TEARDOWN" });
    case "DESCRIBE":
      return answer("200 OK", { "Content-Base": `${request.url}/`, "Content-Type": "application/sdp" }, SDP);
    case "SETUP":
      return answer("200 OK", { Session: "77;timeout=20", Transport: "RTP/AVP/TCP;unicast;interleaved=0-1" });
    default:
      return answer("200 OK", { Session: "77" });
  }
}

/** An interleaved packet (RFC 2326 §10.12). */
export function interleaved(channel: number, payload: string): Buffer {
  const head = Buffer.from([0x24, channel, 0, payload.length]);
  return Buffer.concat([head, Buffer.from(payload, "latin1")]);
}

/** An interleaved RTP packet (RFC 3550 §5.1) whose payload is a text. */
export function rtpPacket(channel: number, payloadType: number, ssrc: number, payload: string): Buffer {
  const head = Buffer.alloc(12);
  head.writeUInt8(0x80, 0);
  head.writeUInt8(payloadType, 1);
  head.writeUInt32BE(ssrc, 8);
  return interleaved(channel, head.toString("latin1") + payload);
}

/** Waits until `done` returns true, or the test times out. */
export async function until(done: () => boolean): Promise<void> {
  while (!done()) await new Promise((resolve) => setTimeout(resolve, 5));
}
