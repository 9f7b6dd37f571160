import type { IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import type * as OpenApi from "openapi3-ts/oas31";
import { openApiDocument } from "../openapi/document.ts";

/** A request and its answer. */
export interface Exchange {
  method: string;
  /** The request target as it was sent. */
  target: string;
  requestHeaders: IncomingHttpHeaders;
  status: number;
  headers: OutgoingHttpHeaders;
  /** The body, decompressed, if it is text; undefined when it was not recorded. */
  body: string | undefined;
}

/** An operation of the document, and the values of its path parameters in a request. */
export interface Match {
  path: string;
  operation: OpenApi.OperationObject;
  parameters: Record<string, string>;
}

const ROOT = "openapi";

/**
 * Checks requests and answers against the OpenAPI document. The schemas of OpenAPI 3.1 are JSON Schema 2020-12, which
 * Ajv reads directly.
 */
export class Contract {
  readonly document: OpenApi.OpenAPIObject;
  readonly #routes: { path: string; pattern: RegExp; names: string[]; operation: OpenApi.OperationObject }[];
  readonly #ajv = new Ajv2020({ strict: false, allErrors: true });
  readonly #validators = new Map<string, ValidateFunction>();

  constructor(document = openApiDocument("1.2.3")) {
    this.document = document;
    addFormats.default(this.#ajv);
    this.#ajv.addSchema(closed(document) as object, ROOT);
    this.#routes = Object.entries(document.paths ?? {}).map(([path, item]) => {
      const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name as string);
      const literal = path.replace(/[.*+?^$()|[\]\\]/g, "\\$&").replace(/\{\w+\}/g, "([^/]+)");
      return {
        path,
        pattern: new RegExp(`^${literal}/?$`),
        names,
        operation: item.get as OpenApi.OperationObject,
      };
    });
    // Concrete paths before templated ones (OpenAPI 3.1 §4.8.8.2), and among these the longer ones first.
    this.#routes.sort((a, b) => a.names.length - b.names.length || b.path.length - a.path.length);
  }

  /** The operation for a request target. */
  match(target: string): Match | undefined {
    const pathname = target.replace(/^https?:\/\/[^/?]*/i, "").split(/[?#]/, 1)[0] as string;
    for (const { path, pattern, names, operation } of this.#routes) {
      const found = pattern.exec(pathname);
      if (found === null) continue;
      const parameters = Object.fromEntries(names.map((name, i) => [name, decoded(found[i + 1] as string)]));
      return { path, operation, parameters };
    }
    return undefined;
  }

  /** How a request differs from the document; empty when it does not. */
  requestFaults(match: Match, target: string): string[] {
    const query = new URLSearchParams(target.split("?").slice(1).join("?"));
    return (match.operation.parameters ?? []).flatMap((each, i) => {
      const parameter = each as OpenApi.ParameterObject;
      const at = ["paths", match.path, "get", "parameters", String(i), "schema"];
      const given =
        parameter.in === "path" ? [match.parameters[parameter.name] as string] : query.getAll(parameter.name);
      if (given.length === 0) return parameter.required === true ? [`"${parameter.name}" is missing`] : [];
      const { type } = this.#resolve(parameter.schema);
      if (type !== "array" && given.length > 1) return [`"${parameter.name}" is given ${given.length} times`];
      const value =
        type === "array" ? given.join(",").split(",") : type === "integer" ? wholeNumber(given[0]) : given[0];
      return this.#faults(at, value).map((fault) => `"${parameter.name}"${fault}`);
    });
  }

  /** How an answer differs from the document; empty when it does not. */
  faults(exchange: Exchange): string[] {
    const { method, target, status } = exchange;
    const match = this.match(target);
    const read = method === "GET" || method === "HEAD";
    if (match === undefined || !read) return this.#otherFaults(exchange, match);
    const response = match.operation.responses?.[status] as OpenApi.ResponseObject | undefined;
    if (response === undefined) return [`${status} is not documented for ${match.path}`];
    const request = status < 400 ? this.requestFaults(match, target) : [];
    return [
      ...request.map((fault) => `${status} was answered though ${fault}`),
      ...this.#headerFaults(match.path, response, exchange),
      ...this.#bodyFaults(match.path, response, exchange),
    ];
  }

  /**
   * For answers that no operation documents: OPTIONS, other methods (405) and addresses (404), the page, Bull Board.
   */
  #otherFaults({ method, target, status, headers, body }: Exchange, match: Match | undefined): string[] {
    if (!target.startsWith("/api/") && match === undefined && status < 400) return [];
    if (target.startsWith("/admin/queues/")) return [];
    if (method === "OPTIONS" && status === 204) return [];
    const expected = match === undefined ? [400, 403, 404, 405, 500, 503] : [400, 403, 404, 405];
    if (!expected.includes(status)) return [`${status} to a ${method} that is not documented`];
    if (status === 405 && headers.allow === undefined) return ["405 without Allow"];
    if (contentType(headers) === "text/html" && target === "/") return [];
    return this.#problemFaults(headers, body);
  }

  #problemFaults(headers: OutgoingHttpHeaders, body: string | undefined): string[] {
    if (contentType(headers) !== "application/problem+json") return [`${contentType(headers)} in place of a problem`];
    if (!body) return [];
    return this.#faults(["components", "schemas", "Problem"], JSON.parse(body));
  }

  #headerFaults(path: string, response: OpenApi.ResponseObject, { status, headers }: Exchange): string[] {
    return Object.entries(response.headers ?? {}).flatMap(([name, header]) => {
      const value = headers[name.toLowerCase()];
      if (value === undefined) return (header as OpenApi.HeaderObject).required ? [`${status} without ${name}`] : [];
      const at = ["paths", path, "get", "responses", String(status), "headers", name, "schema"];
      return this.#faults(at, String(value)).map((fault) => `${name}: ${fault}`);
    });
  }

  #bodyFaults(path: string, response: OpenApi.ResponseObject, exchange: Exchange): string[] {
    const { status, headers, body, method } = exchange;
    const types = Object.keys(response.content ?? {});
    if (types.length === 0) return body ? [`${status} has a body, and none is documented`] : [];
    const type = contentType(headers);
    if (!types.includes(type)) return [`${status} is ${type}, documented is ${types.join(", ")}`];
    if (method === "HEAD" || body === undefined) return [];
    const at = ["paths", path, "get", "responses", String(status), "content", type];
    if (type === "text/event-stream") return this.#eventFaults([...at, "x-events"], body);
    return /\bjson$/.test(type) ? this.#faults([...at, "schema"], JSON.parse(body)) : [];
  }

  #eventFaults(at: readonly string[], stream: string): string[] {
    const events = stream.split("\n\n").slice(0, -1); // the text after the last blank line is incomplete
    return events.flatMap((event) => {
      const match = /^event: (\w+)\ndata: (.*)$/.exec(event);
      if (match === null) return /^(retry: \d+|:.*)$/.test(event) ? [] : [`an odd event: ${event}`];
      const [, name, data] = match as unknown as [string, string, string];
      return this.#faults([...at, name], JSON.parse(data)).map((fault) => `event ${name}${fault}`);
    });
  }

  #faults(at: readonly string[], value: unknown): string[] {
    const pointer = at.map((part) => encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1"))).join("/");
    let validate = this.#validators.get(pointer);
    if (validate === undefined) {
      validate = this.#ajv.compile({ $ref: `${ROOT}#/${pointer}` });
      this.#validators.set(pointer, validate);
    }
    if (validate(value)) return [];
    return (validate.errors ?? []).map(
      ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
    );
  }

  #resolve(schema: OpenApi.SchemaObject | OpenApi.ReferenceObject | undefined): OpenApi.SchemaObject {
    if (schema === undefined || !("$ref" in schema)) return schema ?? {};
    const name = schema.$ref?.split("/").at(-1) as string;
    return this.document.components?.schemas?.[name] as OpenApi.SchemaObject;
  }
}

/** The document with every object closed: clients ignore unknown members, but we must document all. */
function closed(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(closed);
  if (typeof node !== "object" || node === null) return node;
  const copy = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, closed(value)]));
  const isObject = copy.type === "object" && "properties" in copy && !("allOf" in copy);
  return isObject && !("additionalProperties" in copy) ? { ...copy, additionalProperties: false } : copy;
}

function contentType(headers: OutgoingHttpHeaders): string {
  return String(headers["content-type"] ?? "").split(";", 1)[0] as string;
}

function wholeNumber(text: string | undefined): string | number | undefined {
  return text !== undefined && /^-?\d+$/.test(text) ? Number(text) : text;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
