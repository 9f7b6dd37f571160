import { createHash } from "node:crypto";
import type { Response } from "express";

/** Whether a browser may store an answer, which it then revalidates each time, or not. */
export type Keeping = "revalidated" | "never";

/** Sends JSON that a browser may store; it gets 304 while the JSON is the same. */
export function sendJson(res: Response, body: object): void {
  const text = JSON.stringify(body);
  sendJsonText(res, text, weakTag(text));
}

/** Sends JSON that must not be stored, since it describes the current moment. */
export function sendFreshJson(res: Response, body: object): void {
  sendJsonText(res, JSON.stringify(body), undefined);
}

/** Sends JSON text; a browser may store it only when it has a tag. */
export function sendJsonText(res: Response, text: string, tag: string | undefined): void {
  res.set({
    "Cache-Control": tag === undefined ? "no-store" : "private, no-cache",
    "Content-Type": "application/json; charset=utf-8",
  });
  if (tag === undefined) res.set("Content-Length", String(Buffer.byteLength(text))).end(text);
  else res.set("ETag", tag).send(text);
}

/** A weak entity tag (RFC 9110 §8.8.1): the same for the compressed and the uncompressed text. */
export function weakTag(text: string): string {
  return `W/"${createHash("sha1").update(text).digest("base64url")}"`;
}
