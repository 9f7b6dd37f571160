/** A response to one of our requests (RFC 2326 §7). */
export interface RtspResponse {
  kind: "response";
  status: number;
  reason: string;
  headers: RtspHeaders;
  body: string;
}

/** A request that the server sends to us (RFC 2326 §10: OPTIONS, ANNOUNCE, REDIRECT …). */
export interface RtspRequest {
  kind: "request";
  method: string;
  url: string;
  headers: RtspHeaders;
  body: string;
}

/** Header fields by lower-case name; a field that came several times has several values. */
export type RtspHeaders = Map<string, string[]>;

/** The received bytes are not RTSP, or the message is too long. */
export class RtspSyntaxError extends Error {
  override name = "RtspSyntaxError";
}

/**
 * Maximum length of a line, after unfolding; no server needs more. Regular expressions are applied to lines, and their
 * time grows faster than the length.
 */
const MAX_LINE_LENGTH = 8192;

/** The first value of a header field, by its lower-case name. */
export function header(message: { headers: RtspHeaders }, name: string): string | undefined {
  return message.headers.get(name)?.[0];
}

/**
 * Where the head of a message ends: the offset after its empty line, or -1 when that has not come yet. A bare LF, as
 * some cameras send, also ends a line.
 */
export function headEnd(bytes: Buffer, start: number): number {
  for (let lf = bytes.indexOf(0x0a, start); lf !== -1; lf = bytes.indexOf(0x0a, lf + 1)) {
    if (bytes[lf + 1] === 0x0a) return lf + 2;
    if (bytes[lf + 1] === 0x0d && bytes[lf + 2] === 0x0a) return lf + 3;
  }
  return -1;
}

/** Reads the start line and header fields of a message, without its body. Throws RtspSyntaxError. */
export function parseHead(text: string): RtspResponse | RtspRequest {
  const [startLine = "", ...lines] = text.split(/\r?\n/);
  limitLine(startLine);
  const headers = parseHeaders(lines);
  const response = /^RTSP\/\d\.\d\s+(\d{3})(?:\s+(.*))?$/i.exec(startLine.trim());
  if (response !== null) {
    return { kind: "response", status: Number(response[1]), reason: response[2] ?? "", headers, body: "" };
  }
  const request = /^([A-Z_]+)\s+(\S+)\s+RTSP\/\d\.\d$/i.exec(startLine.trim());
  if (request === null) throw new RtspSyntaxError("the server sent something that is not RTSP");
  return {
    kind: "request",
    method: (request[1] as string).toUpperCase(),
    url: request[2] as string,
    headers,
    body: "",
  };
}

function parseHeaders(lines: string[]): RtspHeaders {
  const headers: RtspHeaders = new Map();
  let last: string[] | undefined;
  for (const line of lines) {
    if (/^[ \t]/.test(line) && last !== undefined) {
      last[last.length - 1] += ` ${line.trim()}`; // folded line, RFC 2326 §4.2, which refers to RFC 822
      limitLine(last.at(-1) as string);
      continue;
    }
    limitLine(line);
    const colon = line.indexOf(":");
    if (colon < 1) continue;
    const name = line.slice(0, colon).trim().toLowerCase();
    last = headers.get(name) ?? [];
    last.push(line.slice(colon + 1).trim());
    headers.set(name, last);
  }
  return headers;
}

function limitLine(line: string): void {
  if (line.length > MAX_LINE_LENGTH) throw new RtspSyntaxError("the server sent a header line without end");
}

/** Length of the body that follows a head, in bytes. Throws RtspSyntaxError when Content-Length is not a number. */
export function contentLength(message: { headers: RtspHeaders }): number {
  const value = header(message, "content-length");
  if (value === undefined) return 0;
  if (!/^\d{1,9}$/.test(value)) throw new RtspSyntaxError("the server sent a Content-Length that is not a number");
  return Number(value);
}

/** A request as text. `fields` come after CSeq, in order. */
export function formatRequest(method: string, url: string, cseq: number, fields: Record<string, string>): string {
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${url} RTSP/1.0\r\nCSeq: ${cseq}\r\n${lines.join("")}\r\n`;
}

/** The session id and the timeout in seconds of a Session header (RFC 2326 §12.37), 60 when none is given. */
export function parseSession(value: string): { id: string; timeoutSeconds: number } {
  const [id = "", ...parameters] = value.split(";").map((part) => part.trim());
  const timeout = parameters.map((part) => /^timeout\s*=\s*(\d{1,6})$/i.exec(part)?.[1]).find((v) => v !== undefined);
  const seconds = Number(timeout ?? 60);
  return { id, timeoutSeconds: seconds > 0 ? seconds : 60 };
}

/** One field of a Transport header, such as `interleaved` or `server_port`: two numbers (RFC 2326 §12.39). */
export function parseTransportPair(value: string | undefined, name: string): [number, number] | undefined {
  const match = new RegExp(`(?:^|;)\\s*${name}\\s*=\\s*(\\d{1,5})(?:\\s*-\\s*(\\d{1,5}))?`, "i").exec(value ?? "");
  if (match === null) return undefined;
  const first = Number(match[1]);
  return [first, match[2] === undefined ? first + 1 : Number(match[2])];
}
