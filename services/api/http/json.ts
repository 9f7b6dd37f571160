import { createHash } from "node:crypto";
import type { Response } from "express";

/** Whether an answer may be kept by a browser, which then asks each time whether it is still the same. */
export type Keeping = "revalidated" | "never";

/** Sends JSON that a browser may keep, and that is answered 304 while it is the same. */
export function sendJson(res: Response, body: object): void {
  const text = JSON.stringify(body);
  sendJsonText(res, text, weakTag(text));
}

/** Sends JSON that is never kept: it tells of this moment. */
export function sendFreshJson(res: Response, body: object): void {
  sendJsonText(res, JSON.stringify(body), undefined);
}

/** Sends a text of JSON; with a tag it may be kept, without one never. */
export function sendJsonText(res: Response, text: string, tag: string | undefined): void {
  res.set({
    "Cache-Control": tag === undefined ? "no-store" : "private, no-cache",
    "Content-Type": "application/json; charset=utf-8",
  });
  if (tag === undefined) res.set("Content-Length", String(Buffer.byteLength(text))).end(text);
  else res.set("ETag", tag).send(text);
}

/** Weak (RFC 9110 §8.8.1): it stands for what is said, compressed or not. */
export function weakTag(text: string): string {
  return `W/"${createHash("sha1").update(text).digest("base64url")}"`;
}
