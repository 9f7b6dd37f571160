import type { RequestHandler } from "express";
import type { Config, LiveConfig } from "../../../shared/config/config.ts";

/** What scripts may read besides the CORS-safelisted headers, in order to resume, revalidate, redirect and save. */
const EXPOSED =
  "Accept-Ranges, Content-Disposition, Content-Encoding, Content-Length, Content-Range, ETag, Location, Retry-After";
const REQUEST_HEADERS =
  "Range, If-Range, If-Match, If-None-Match, If-Modified-Since, If-Unmodified-Since, Last-Event-ID";
const PREFLIGHT_MAX_AGE_S = 600;

/**
 * Lets scripts of the origins in `api.allowedOrigins` read everything below /api/ (CORS, WHATWG Fetch §3.2), without
 * credentials. They still cannot change anything: OriginGuard refuses that.
 */
export function allowOrigins(config: LiveConfig): RequestHandler {
  return (req, res, next) => {
    const { allowedOrigins } = config.current.api;
    if (allowedOrigins.length === 0 || !req.path.startsWith("/api/")) return next();
    const any = allowedOrigins.includes("*");
    if (!any) res.vary("Origin");
    const { origin } = req.headers;
    if (origin === undefined || !isAllowedOrigin(config.current, origin)) return next();
    res.set({ "Access-Control-Allow-Origin": any ? "*" : origin, "Access-Control-Expose-Headers": EXPOSED });
    if (req.method !== "OPTIONS" || req.headers["access-control-request-method"] === undefined) return next();
    res.set({
      "Access-Control-Allow-Methods": "GET, HEAD",
      "Access-Control-Allow-Headers": REQUEST_HEADERS,
      "Access-Control-Max-Age": String(PREFLIGHT_MAX_AGE_S),
    });
    res.status(204).end();
  };
}

/** Whether `api.allowedOrigins` lets scripts of this origin read the API. */
export function isAllowedOrigin({ api }: Config, origin: string | undefined): boolean {
  return origin !== undefined && (api.allowedOrigins.includes("*") || api.allowedOrigins.includes(origin));
}
