import type * as OpenApi from "openapi3-ts/oas31";
import type { ProblemKind } from "../http/problem.ts";

export type Schema = OpenApi.SchemaObject | OpenApi.ReferenceObject;
export type Responses = Record<string, OpenApi.ResponseObject>;
type Headers = Record<string, OpenApi.HeaderObject>;

/** The members with the size of pictures; either all or none of them are present. */
export const PICTURE_SIZE = ["width", "height", "displayWidth", "displayHeight"] as const;

/** A named schema of `schemas/`. */
export const ref = (name: string): OpenApi.ReferenceObject => ({ $ref: `#/components/schemas/${name}` });

/** An object with these members; all but the `optional` ones are required. */
export function object(
  description: string,
  properties: Record<string, Schema>,
  optional: readonly string[] = [],
): OpenApi.SchemaObject {
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return { type: "object", description, properties, required };
}

export const list = (items: Schema, description?: string): OpenApi.SchemaObject => ({
  type: "array",
  items,
  ...(description !== undefined && { description }),
});
export const text = (description: string): OpenApi.SchemaObject => ({ type: "string", description });
export const number = (description: string): OpenApi.SchemaObject => ({ type: "number", description });
export const count = (description: string): OpenApi.SchemaObject => ({ type: "integer", minimum: 0, description });
export const flag = (description: string): OpenApi.SchemaObject => ({ type: "boolean", description });
export const choice = (options: readonly string[], description: string): OpenApi.SchemaObject => ({
  type: "string",
  enum: [...options],
  description,
});
export const instant = (description: string): OpenApi.SchemaObject => ({
  type: "string",
  format: "date-time",
  description: `${description}; ISO 8601 UTC.`,
});
/** The coded size and the display size of a stream's pictures. */
export const pictureSize: Record<(typeof PICTURE_SIZE)[number], Schema> = {
  width: count("Pixels, as coded."),
  height: count("Pixels, as coded."),
  displayWidth: count("Square pixels, as shown: another number than `width` where the camera's pixels are wide."),
  displayHeight: count("Square pixels, as shown: another number than `height` where the camera's pixels are narrow."),
};

/** A path parameter. */
export function inPath(name: string, description: string, schema: Schema): OpenApi.ParameterObject {
  return { name, in: "path", required: true, description, schema };
}

/** A query parameter. */
export function inQuery(name: string, description: string, schema: Schema, required = false): OpenApi.ParameterObject {
  return { name, in: "query", required, description, schema };
}

export const cameraId = inPath("id", "The camera, as the configuration names it.", ref("CameraId"));
export const cameraIds: OpenApi.ParameterObject = {
  ...inQuery("camera_ids", "Cameras, with commas between; without it all that are known.", list({ type: "string" })),
  style: "form",
  explode: false,
  allowEmptyValue: true,
};
export const download: OpenApi.ParameterObject = {
  ...inQuery("download", "Has the browser save the file; `0` and `false` mean no.", { type: "string" }),
  allowEmptyValue: true,
};

/** How long, and by whom, an answer may be cached; the table in docs/api.md says why. */
export const CACHING = {
  never: "no-store",
  revalidated: "private, no-cache",
} as const;

const header = (description: string, schema: Schema = { type: "string" }): OpenApi.HeaderObject => ({
  description,
  required: true,
  schema,
});
const strongTag = header("Strong: other bytes, another tag.", { type: "string", pattern: '^"[^"]+"$' });
const weakTag = header("Weak: another content, another tag.", { type: "string", pattern: '^W/"[^"]+"$' });

/** A 200 with JSON that must not be cached. */
export function freshJson(schema: Schema, description: string): Responses {
  const headers = { "Cache-Control": header("Never kept.", { type: "string", const: CACHING.never }) };
  return { 200: { description, headers, content: { "application/json": { schema } } } };
}

/** A 200 with JSON that may be cached but is revalidated each time; 304 when it is the same. */
export function revalidatedJson(schema: Schema, description: string): Responses {
  const headers: Headers = {
    ETag: weakTag,
    "Cache-Control": header("Asked for anew each time.", { type: "string", const: CACHING.revalidated }),
  };
  return {
    200: { description, headers, content: { "application/json": { schema } } },
    304: { description: "Still the same (`If-None-Match`).", headers },
  };
}

/** The answers for a file with byte ranges. `dated`: with Last-Modified; `kept`: cached for a time by its age. */
export function file(
  type: string,
  description: string,
  { dated, kept = dated }: { dated: boolean; kept?: boolean },
): Responses {
  const caching = kept ? "^private, max-age=\\d+, must-revalidate$" : `^${CACHING.revalidated}$`;
  const always: Headers = {
    ETag: strongTag,
    "Cache-Control": header("How long it may be kept.", { type: "string", pattern: caching }),
    "Accept-Ranges": header("Byte ranges can be asked for.", { type: "string", const: "bytes" }),
    ...(dated && { "Last-Modified": header("An HTTP date.") }),
  };
  const sent: Headers = {
    ...always,
    "Content-Length": header("Bytes.", { type: "string", pattern: "^\\d+$" }),
    "Content-Disposition": header("A name to save it by.", {
      type: "string",
      pattern: '^(inline|attachment); filename="[^"]+"$',
    }),
  };
  const content = { [type]: { schema: { type: "string", contentMediaType: type } as Schema } };
  const range = header("Which bytes these are, of how many.", { type: "string", pattern: "^bytes \\d+-\\d+/\\d+$" });
  const unsatisfied = header("How many bytes there are.", { type: "string", pattern: "^bytes \\*/\\d+$" });
  return {
    200: { description, headers: sent, content },
    206: { description: "The bytes of `Range`.", headers: { ...sent, "Content-Range": range }, content },
    304: { description: "Still the same (`If-None-Match`, `If-Modified-Since`).", headers: always },
    ...problems({ 412: ["precondition-failed"] }),
    ...problems({ 416: ["range-not-satisfiable"] }, { "Content-Range": unsatisfied }),
  };
}

/** A zip that is made while it is sent, without byte ranges. */
export function archive(description: string): Responses {
  const headers: Headers = {
    "Cache-Control": header("Never kept.", { type: "string", const: CACHING.never }),
    "Accept-Ranges": header("Only as a whole.", { type: "string", const: "none" }),
    "Content-Length": header("Bytes.", { type: "string", pattern: "^\\d+$" }),
    "Content-Disposition": header("A name to save it by.", {
      type: "string",
      pattern: '^attachment; filename="[^"]+"$',
    }),
  };
  const type = "application/zip";
  return { 200: { description, headers, content: { [type]: { schema: { type: "string", contentMediaType: type } } } } };
}

/** 307 to the same address with the end pinned. */
export const pinned: Responses = {
  307: {
    description: "The range lies partly past what is written: the same with the `end` that holds.",
    headers: { Location: header("A relative reference."), "Cache-Control": header("", { const: CACHING.never }) },
  },
};

const TITLES: Record<string, string> = {
  400: "The request is malformed.",
  403: "Not from there.",
  404: "There is no such thing.",
  409: "It cannot be had as one.",
  412: "A precondition does not hold.",
  416: "The byte range lies past the end.",
  426: "Only over a WebSocket.",
  429: "This client occupies as much as it may.",
  500: "A fault of ours; the log has it.",
  503: "It cannot be had at this moment.",
};

/** Error answers: the kinds of problem for each status, with additional headers and members. */
export function problems(
  kinds: Record<number, readonly ProblemKind[]>,
  headers: Headers = {},
  members: readonly Schema[] = [],
): Responses {
  return Object.fromEntries(
    Object.entries(kinds).map(([status, names]) => [
      status,
      {
        description: `${TITLES[status] ?? "An error."} ${names.map((name) => `\`${name}\``).join(", ")}`,
        headers: { "Cache-Control": header("Never kept.", { const: CACHING.never }), ...headers },
        content: { "application/problem+json": { schema: problemSchema(Number(status), names, members) } },
      },
    ]),
  );
}

function problemSchema(status: number, names: readonly ProblemKind[], members: readonly Schema[]): Schema {
  return {
    allOf: [ref("Problem"), ...members],
    type: "object",
    properties: {
      status: { type: "integer", const: status },
      type: { type: "string", enum: names.map((name) => `urn:hindsight:problem:${name}`) },
    },
  };
}

const retryAfter = { "Retry-After": header("In seconds.", { type: "string", pattern: "^\\d+$" }) };

/**
 * A GET, which implies HEAD everywhere. Any endpoint can also answer 500 for an internal error, 403 for requests from
 * another web site, 429 when the client has reached its limits, and 503 when all clients together have.
 */
export function get(operation: Omit<OpenApi.OperationObject, "responses"> & { responses: Responses }) {
  const always = {
    ...problems({ 403: ["cross-site"], 500: ["internal"], 503: ["unavailable"] }),
    ...problems({ 429: ["too-many-requests"] }, retryAfter),
  };
  return { get: { ...operation, responses: { ...always, ...operation.responses } } };
}
