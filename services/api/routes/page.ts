import { existsSync } from "node:fs";
import { join } from "node:path";
import express, { Router } from "express";
import { allowOnly } from "../http/errors.ts";
import { Problem } from "../http/problem.ts";

const NOT_BUILT = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Hindsight</title>
<h1>The page is not built</h1>
<p>Run <code>npm run build:page</code> (or <code>./nvr up</code>, which does) and reload. Recording and the API do not
need it: <a href="/api/1/system.json">/api/1/system.json</a>.</p></html>
`;

/**
 * The page, as Vite builds it. The files in `assets/` have a hash of their content in their names and are cached for
 * ever; everything else, mainly index.html, is revalidated each time (and answered 304 while it is the same).
 */
export function pageRoutes(folder: string): Router {
  const router = Router({ caseSensitive: true });
  const index = join(folder, "index.html");
  const send: express.RequestHandler = (req, res, next) => {
    if (existsSync(index)) {
      res.sendFile(index, { cacheControl: false, headers: { "Cache-Control": "no-cache" } }, (error) => {
        if (error !== undefined && !res.headersSent) next(error);
      });
    } else if (req.accepts(["json", "html"]) !== "html") {
      next(new Problem("unavailable", 503, "The page is not built: run npm run build:page."));
    } else {
      res.status(503).set("Cache-Control", "no-store").type("html").send(NOT_BUILT);
    }
  };
  router.route("/").get(send).all(allowOnly("GET", "HEAD"));
  router.use(
    "/assets",
    express.static(join(folder, "assets"), { index: false, redirect: false, immutable: true, maxAge: "365d" }),
  );
  const setHeaders = (res: express.Response) => res.set("Cache-Control", "no-cache");
  router.use(express.static(folder, { index: false, redirect: false, cacheControl: false, setHeaders }));
  return router;
}
