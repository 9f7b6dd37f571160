import type * as OpenApi from "openapi3-ts/oas31";
import { limit, next, stretch } from "./footage.ts";
import {
  cameraIds,
  choice,
  flag,
  freshJson,
  get,
  inPath,
  instant,
  list,
  object,
  problems,
  ref,
  revalidatedJson,
  type Schema,
} from "./parts.ts";
import { schemas } from "./schemas.ts";

/** The envelope of the successful answers of the original's endpoints. */
export function envelope(payload: Schema): OpenApi.SchemaObject {
  return object("", { date: ref("EnvelopeDate"), system: ref("System"), payload });
}

const unchanged = { description: "Still the same (`If-None-Match`)." };

export const systemPaths: OpenApi.PathsObject = {
  "/api/1/system.json": get({
    operationId: "readSystem",
    tags: ["System"],
    summary: "Whether everything records, and what is wrong",
    description: "Answers within two seconds, whatever is away.",
    responses: freshJson(envelope(ref("SystemStatus")), "How the system does."),
  }),
  "/api/1/conditions": get({
    operationId: "listConditions",
    tags: ["System"],
    summary: "What was wrong when",
    description:
      "The conditions that lasted within a time, those of the last 30 days that have ended included. Give either `day`, or `from` and `to`: 31 days at most.",
    parameters: [
      ...stretch,
      { ...cameraIds, description: "Only conditions of these cameras; without it all, also those of no camera." },
      limit,
    ],
    responses: {
      ...revalidatedJson(ref("ConditionList"), "In the order in which they ended; those that last come last."),
      ...problems({
        400: ["bad-request", "invalid-date", "invalid-time"],
        404: ["unknown-camera"],
        503: ["unavailable"],
      }),
    },
  }),
  "/health": get({
    operationId: "readHealth",
    tags: ["System"],
    summary: "Whether the api lives, for whoever supervises it",
    responses: freshJson(object("", { status: { type: "string", const: "ok" } }), "It lives."),
  }),
  "/metrics": get({
    operationId: "readMetrics",
    tags: ["System"],
    summary: "Prometheus metrics",
    responses: {
      200: {
        description: "Text of Prometheus' exposition format.",
        content: { "text/plain": { schema: { type: "string" } } },
      },
    },
  }),
  "/api/1/openapi.json": get({
    operationId: "readOpenApi",
    tags: ["System"],
    summary: "This document",
    responses: revalidatedJson({ type: "object", additionalProperties: true }, "OpenAPI 3.1."),
  }),
  "/api/1/docs": get({
    operationId: "readDocs",
    tags: ["System"],
    summary: "This document as a page to browse",
    responses: {
      200: { description: "The page.", content: { "text/html": { schema: { type: "string" } } } },
      304: unchanged,
    },
  }),
  "/api/1/docs/{file}": get({
    operationId: "readDocsFile",
    tags: ["System"],
    summary: "What that page loads",
    parameters: [
      inPath("file", "Its name.", choice(["swagger-ui.css", "swagger-ui-bundle.js", "start.js"], "Of Swagger UI.")),
    ],
    responses: {
      200: {
        description: "The file.",
        content: { "text/css": { schema: { type: "string" } }, "text/javascript": { schema: { type: "string" } } },
      },
      304: unchanged,
      ...problems({ 404: ["no-such-resource"], 412: ["precondition-failed"] }),
    },
  }),
};

const { advice: _, ...told } = schemas.Condition?.properties ?? {};

export const systemSchemas: Record<string, OpenApi.SchemaObject> = {
  LastedCondition: object(
    "A condition as it lasted.",
    { ...told, until: instant("When it was over; absent while it lasts") },
    ["until"],
  ),
  ConditionList: object(
    "Conditions of a time.",
    {
      from: instant("What was asked for"),
      to: instant("Excluded"),
      conditions: list(ref("LastedCondition")),
      partial: flag("Always true; there while Redis does not answer: only what this api itself has seen is listed."),
      next,
    },
    ["partial", "next"],
  ),
};
