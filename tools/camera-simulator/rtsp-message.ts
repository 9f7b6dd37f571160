/** RTSP 1.0 messages (RFC 2326 §4-7) and interleaved frames (§10.12). Pure: bytes in, values out. */

const MAX_HEAD_BYTES = 32 * 1024;
const MAX_BODY_BYTES = 64 * 1024;

export interface RtspRequest {
  method: string;
  uri: string;
  /** Names in lower case. */
  headers: Map<string, string>;
  body: Buffer;
}

export type RtspInput =
  | { kind: "request"; request: RtspRequest }
  | { kind: "interleaved"; channel: number; data: Buffer };

/** The client sent something that is not RTSP. */
export class RtspSyntaxError extends Error {
  override name = "RtspSyntaxError";
}

/** Splits a client's byte stream into complete messages. */
export class RtspReader {
  private pending: Buffer = Buffer.alloc(0);

  /** @throws {RtspSyntaxError} on something that cannot be a request: the connection should be closed. */
  push(bytes: Buffer): RtspInput[] {
    this.pending = this.pending.length === 0 ? bytes : Buffer.concat([this.pending, bytes]);
    const inputs: RtspInput[] = [];
    for (let input = this.take(); input; input = this.take()) inputs.push(input);
    return inputs;
  }

  private take(): RtspInput | undefined {
    let start = 0;
    while (this.pending[start] === 0x0d || this.pending[start] === 0x0a) start++;
    if (start > 0) this.pending = this.pending.subarray(start);
    if (this.pending.length === 0) return undefined;
    return this.pending[0] === 0x24 ? this.takeInterleaved() : this.takeRequest();
  }

  private takeInterleaved(): RtspInput | undefined {
    if (this.pending.length < 4) return undefined;
    const end = 4 + this.pending.readUInt16BE(2);
    if (this.pending.length < end) return undefined;
    const channel = this.pending[1] as number;
    const data = this.pending.subarray(4, end);
    this.pending = this.pending.subarray(end);
    return { kind: "interleaved", channel, data };
  }

  private takeRequest(): RtspInput | undefined {
    const headEnd = this.pending.indexOf("\r\n\r\n");
    if (headEnd < 0) {
      if (this.pending.length > MAX_HEAD_BYTES) throw new RtspSyntaxError("request head too long");
      return undefined;
    }
    const request = parseHead(this.pending.subarray(0, headEnd).toString("latin1"));
    const length = Number(request.headers.get("content-length") ?? 0);
    if (!Number.isInteger(length) || length < 0 || length > MAX_BODY_BYTES) {
      throw new RtspSyntaxError("bad Content-Length");
    }
    const end = headEnd + 4 + length;
    if (this.pending.length < end) return undefined;
    request.body = this.pending.subarray(headEnd + 4, end);
    this.pending = this.pending.subarray(end);
    return { kind: "request", request };
  }
}

function parseHead(head: string): RtspRequest {
  const [first = "", ...lines] = head.split("\r\n");
  const match = /^([A-Z_]{2,32}) (\S+) RTSP\/\d\.\d$/.exec(first);
  if (!match?.[1] || !match[2]) throw new RtspSyntaxError("no RTSP request line");
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(":");
    if (colon <= 0) throw new RtspSyntaxError("no RTSP header line");
    headers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
  return { method: match[1], uri: match[2], headers, body: Buffer.alloc(0) };
}

export interface RtspAnswer {
  status: number;
  /** In order; a name may occur more than once. */
  headers: [name: string, value: string][];
  body?: string;
}

/** Unusual ways in which some cameras write an answer. */
export interface AnswerStyle {
  headerCase?: "lower" | "upper";
  bareLineFeeds?: boolean;
  trailingSpaces?: boolean;
}

const REASONS: Record<number, string> = {
  200: "OK",
  302: "Moved Temporarily",
  400: "Bad Request",
  401: "Unauthorized",
  404: "Not Found",
  405: "Method Not Allowed",
  454: "Session Not Found",
  455: "Method Not Valid in This State",
  461: "Unsupported Transport",
  501: "Not Implemented",
};

export function formatAnswer(answer: RtspAnswer, style: AnswerStyle = {}): Buffer {
  const body = answer.body ?? "";
  const headers: [string, string][] = [...answer.headers];
  if (body !== "") headers.push(["Content-Length", String(Buffer.byteLength(body))]);
  const lines = headers.map(([name, value]) => {
    let shown = name;
    if (style.headerCase === "lower") shown = name.toLowerCase();
    if (style.headerCase === "upper") shown = name.toUpperCase();
    // Not after a URL: ffmpeg would take the spaces as part of it.
    const spaces = style.trailingSpaces && name !== "Content-Base" ? "  " : "";
    return `${shown}: ${value}${spaces}`;
  });
  const lineEnd = style.bareLineFeeds ? "\n" : "\r\n";
  const head = [`RTSP/1.0 ${answer.status} ${REASONS[answer.status] ?? "Unknown"}`, ...lines, "", ""].join(lineEnd);
  return Buffer.from(head + body);
}

/** One of the choices in a Transport header (§12.39). */
export interface TransportChoice {
  protocol: "tcp" | "udp";
  multicast: boolean;
  interleaved?: [number, number];
  clientPorts?: [number, number];
}

/** Parses the choices of a request's Transport header, in the client's order; unknown ones are left out. */
export function parseTransport(header: string): TransportChoice[] {
  const choices: TransportChoice[] = [];
  for (const text of header.split(",")) {
    const [spec = "", ...parameters] = text.split(";").map((part) => part.trim());
    const match = /^RTP\/AVP(?:\/(TCP|UDP))?$/i.exec(spec);
    if (!match) continue;
    const choice: TransportChoice = {
      protocol: match[1]?.toUpperCase() === "TCP" ? "tcp" : "udp",
      multicast: parameters.some((parameter) => parameter.toLowerCase() === "multicast"),
    };
    for (const parameter of parameters) {
      const pair = /^(interleaved|client_port)=(\d+)(?:-(\d+))?$/i.exec(parameter);
      if (!pair) continue;
      const first = Number(pair[2]);
      const second = pair[3] === undefined ? first + 1 : Number(pair[3]);
      if (pair[1]?.toLowerCase() === "interleaved") choice.interleaved = [first & 0xff, second & 0xff];
      else choice.clientPorts = [first & 0xffff, second & 0xffff];
    }
    choices.push(choice);
  }
  return choices;
}
