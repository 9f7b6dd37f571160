import type { RequestHandler } from "express";
import type { LiveConfig } from "../../../shared/config/config.ts";
import { isAllowedOrigin } from "./cors.ts";
import { Problem } from "./problem.ts";

/** For the page: nothing from other hosts, no inline script; pictures and video may be blobs made by the page itself. */
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob: data:",
  "media-src 'self' blob:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "manifest-src 'self'",
  "worker-src 'self' blob:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'self'",
].join("; ");

/** For Bull Board, whose page has inline styles and a base element. */
const BOARD_POLICY = PAGE_POLICY.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'").replace(
  "base-uri 'none'",
  "base-uri 'self'",
);

/** Paths that cost more to answer than a file of the page. Case-insensitive, as Bull Board's own routes are. */
const PROTECTED = /^\/(?:api|admin)\//i;
/** The destinations (`Sec-Fetch-Dest`) of navigations within a page of the other site. */
const FRAMES: ReadonlySet<string> = new Set(["embed", "fencedframe", "frame", "iframe", "object"]);

const SECURITY_HEADERS = new Map([
  ["Cross-Origin-Opener-Policy", "same-origin"],
  ["Cross-Origin-Resource-Policy", "same-origin"],
  ["Origin-Agent-Cluster", "?1"],
  ["Referrer-Policy", "no-referrer"],
  ["X-Content-Type-Options", "nosniff"],
  ["X-Frame-Options", "SAMEORIGIN"],
]);

/** Sets the headers that restrict what a browser may do with our answers. */
export const securityHeaders: RequestHandler = (req, res, next) => {
  res.setHeader("Content-Security-Policy", req.path.startsWith("/admin/queues") ? BOARD_POLICY : PAGE_POLICY);
  res.setHeaders(SECURITY_HEADERS);
  next();
};

/**
 * Refuses reads that another web site makes through the visitor's browser: it could not read the answers, but keep the
 * api and the visitor's connection busy. Scripts of `api.allowedOrigins` are let through, and so are links that a
 * visitor follows, but not frames.
 */
export function refuseCrossSiteReads(config: LiveConfig): RequestHandler {
  return (req, _res, next) => {
    const { "sec-fetch-site": site, "sec-fetch-mode": mode, "sec-fetch-dest": destination, origin } = req.headers;
    const isRead = req.method === "GET" || req.method === "HEAD";
    if (site !== "cross-site" || !isRead || !PROTECTED.test(req.path)) return next();
    if (mode === "navigate" && !FRAMES.has(String(destination))) return next();
    const { current } = config;
    if (current.api.allowedOrigins.includes("*") || isAllowedOrigin(current, origin)) return next();
    const detail = "Another web site may not ask for this; api.allowedOrigins names those that may.";
    next(new Problem("cross-site", 403, detail));
  };
}
