import type { RequestListener } from "node:http";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { Contract, type Exchange } from "./contract.ts";

const LOOKED_AT = /^(?:application\/(?:problem\+)?json|text\/event-stream)\b/;
const contract = new Contract();

/** Wraps `listener` so that every answer that differs from the OpenAPI document is passed to `report`. */
export function watched(
  listener: RequestListener,
  report: (fault: string, exchange: Exchange) => void,
): RequestListener {
  return (req, res) => {
    const pieces: Buffer[] = [];
    const keep = (piece: unknown, encoding: unknown) => {
      if (typeof piece !== "string" && !(piece instanceof Uint8Array)) return;
      if (!LOOKED_AT.test(String(res.getHeader("content-type") ?? ""))) return;
      pieces.push(typeof piece === "string" ? Buffer.from(piece, encoding as BufferEncoding) : Buffer.from(piece));
    };
    const { method = "", url: target = "", headers: requestHeaders } = req;
    const { write, end } = res;
    res.write = ((...args: unknown[]) => {
      keep(args[0], typeof args[1] === "string" ? args[1] : "utf8");
      return Reflect.apply(write, res, args);
    }) as typeof write;
    res.end = ((...args: unknown[]) => {
      keep(args[0], typeof args[1] === "string" ? args[1] : "utf8");
      const isAnswered = !res.destroyed; // if the client has disconnected, the answer may be incomplete
      const ended = Reflect.apply(end, res, args);
      if (!isAnswered) return ended;
      const headers = res.getHeaders();
      const body = pieces.length === 0 ? undefined : decompressed(Buffer.concat(pieces), headers["content-encoding"]);
      const exchange = { method, target, requestHeaders, status: res.statusCode, headers, body };
      for (const fault of contract.faults(exchange)) report(`${method} ${target}: ${fault}`, exchange);
      return ended;
    }) as typeof end;
    listener(req, res);
  };
}

function decompressed(bytes: Buffer, encoding: unknown): string {
  if (encoding === "gzip") return gunzipSync(bytes).toString();
  if (encoding === "br") return brotliDecompressSync(bytes).toString();
  return bytes.toString();
}
