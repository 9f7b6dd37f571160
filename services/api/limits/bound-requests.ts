import type { RequestHandler } from "express";
import type { ClientOf } from "./client-of.ts";
import type { ClientPlaces } from "./client-places.ts";

/** Limits the concurrent requests, per client and in all; passes further ones to the error handler, as 429 or 503. */
export function boundRequests(places: ClientPlaces, client: ClientOf): RequestHandler {
  return (req, res, next) => {
    if (res.destroyed) return;
    res.once("close", places.take(client(req)));
    next();
  };
}
