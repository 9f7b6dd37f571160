import compression from "compression";
import type { RequestHandler } from "express";

const COMPRESSED =
  /^(?:application\/(?:json|problem\+json|manifest\+json)|text\/(?:html|css|javascript|plain)|image\/svg\+xml)\b/;

/** Compresses text (JSON, the page); not video and JPEG, which do not shrink, nor event streams, which must not wait. */
export function compress(): RequestHandler {
  return compression({ filter: (_req, res) => COMPRESSED.test(String(res.getHeader("Content-Type") ?? "")) });
}
