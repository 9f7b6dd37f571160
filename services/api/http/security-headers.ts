import type { RequestHandler } from "express";

/** For the page: nothing from elsewhere, no inline script; pictures and video may come from blobs that it made itself. */
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

/** For Bull Board, whose page sets styles and its base in the markup. */
const BOARD_POLICY = PAGE_POLICY.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'").replace(
  "base-uri 'none'",
  "base-uri 'self'",
);

const SECURITY_HEADERS = new Map([
  ["Cross-Origin-Opener-Policy", "same-origin"],
  ["Cross-Origin-Resource-Policy", "same-origin"],
  ["Origin-Agent-Cluster", "?1"],
  ["Referrer-Policy", "no-referrer"],
  ["X-Content-Type-Options", "nosniff"],
  ["X-Frame-Options", "SAMEORIGIN"],
]);

/** Headers that keep a browser from doing with our answers what they are not meant for. */
export const securityHeaders: RequestHandler = (req, res, next) => {
  res.setHeader("Content-Security-Policy", req.path.startsWith("/admin/queues") ? BOARD_POLICY : PAGE_POLICY);
  res.setHeaders(SECURITY_HEADERS);
  next();
};
