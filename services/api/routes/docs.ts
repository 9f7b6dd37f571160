import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type express from "express";
import { Router } from "express";
import type { SystemName } from "../http/envelope.ts";
import { allowOnly } from "../http/errors.ts";
import { sendJsonText, weakTag } from "../http/json.ts";
import { openApiDocument } from "../openapi/document.ts";

const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Hindsight: the REST API</title>
<link rel="icon" href="/icon.svg">
<link rel="stylesheet" href="/api/1/docs/swagger-ui.css">
<main id="docs"></main>
<script src="/api/1/docs/swagger-ui-bundle.js"></script>
<script src="/api/1/docs/start.js"></script>
</html>
`;
const START = `SwaggerUIBundle({ url: "/api/1/openapi.json", dom_id: "#docs", deepLinking: true, validatorUrl: null });\n`;
const LIBRARY = ["swagger-ui.css", "swagger-ui-bundle.js"];
/** The path of a file of Swagger UI; importing the package itself would load all of it. */
const require = createRequire(import.meta.url);
const fileOf = (name: string) => join(dirname(require.resolve("swagger-ui-dist/package.json")), name);

/** `GET /api/1/openapi.json`, and `GET /api/1/docs`: the same for reading, with Swagger UI from node_modules. */
export function docsRoutes({ system }: { system: SystemName }): Router {
  const document = JSON.stringify(openApiDocument(system.version));
  const tag = weakTag(document);
  const router = Router({ caseSensitive: true });
  const only = allowOnly("GET", "HEAD");
  const sendText =
    (type: string, text: string): express.RequestHandler =>
    (_req, res) => {
      res.set("Cache-Control", "no-cache").type(type).send(text);
    };
  router
    .route("/api/1/openapi.json")
    .get((_req, res) => sendJsonText(res, document, tag))
    .all(only);
  router.route("/api/1/docs").get(sendText("html", PAGE)).all(only);
  router.route("/api/1/docs/start.js").get(sendText("js", START)).all(only);
  for (const file of LIBRARY) {
    const send: express.RequestHandler = (_req, res, next) => {
      const options = { cacheControl: false, acceptRanges: false, headers: { "Cache-Control": "no-cache" } };
      res.sendFile(fileOf(file), options, (error) => {
        if (error !== undefined && !res.headersSent) next(error);
      });
    };
    router.route(`/api/1/docs/${file}`).get(send).all(only);
  }
  return router;
}
