import { readdirSync, readlinkSync } from "node:fs";
import fc from "fast-check";
import type * as OpenApi from "openapi3-ts/oas31";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { minutePath } from "../../../shared/store/names.ts";
import { SECRET, StoreFixture } from "../../../tests/support/store-fixture.ts";
import { ApiFixture } from "../testing/api-fixture.ts";
import { realMinute } from "../testing/real-minute.ts";
import { openApiDocument } from "./document.ts";

const MINUTE = "20261124.1433";
/** Every endpoint except the endless event stream. */
const OPERATIONS = Object.entries(openApiDocument("1").paths ?? {})
  .filter(([path]) => path.startsWith("/api/") && path !== "/api/1/events")
  .map(([path, item]) => ({ path, parameters: (item.get?.parameters ?? []) as OpenApi.ParameterObject[] }));
let store: StoreFixture;
let api: ApiFixture;

beforeAll(async () => {
  store = new StoreFixture();
  store.minute("front-door", MINUTE);
  store.write(minutePath(store.directory("front-door"), "front-door", MINUTE, "mp4"), await realMinute(MINUTE));
  store.chunk("front-door", "20261124.1440");
  api = await new ApiFixture(store).start();
});
afterAll(async () => {
  await api.stop();
  store.remove();
});

const instants = fc
  .date({ min: new Date("1900-01-01"), max: new Date("2100-01-01"), noInvalidDate: true })
  .map((date) => date.toISOString());
const near = fc.integer({ min: 0, max: 7200 }).map((s) => new Date(Date.UTC(2026, 10, 24, 13, 30, s)).toISOString());
const day = fc.oneof(
  fc.constant("20261124"),
  instants.map((instant) => instant.slice(0, 10).replaceAll("-", "")),
);

/** Values that the document allows for a parameter, by the name of its schema. */
const ALLOWED: Record<string, fc.Arbitrary<string>> = {
  CameraId: fc.oneof(fc.constant("front-door"), fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/)),
  GivenDay: fc.oneof(day, fc.constant("261124")),
  GivenInstant: fc.oneof(near, instants),
  TimeOfDay: fc.oneof(
    fc.constant("1433"),
    fc.tuple(fc.nat(23), fc.nat(59)).map(([h, m]) => `${two(h)}${two(m)}`),
  ),
};

const HOSTILE = [
  ...[
    "",
    "..",
    "%2e%2e",
    "%2f",
    "..%2f..%2fetc%2fpasswd",
    "../../etc/passwd",
    "\\",
    "%5c",
    "%00",
    "%",
    "%zz",
    "%ff",
    ".",
  ],
  ...[
    "20260231",
    "20260231.1433",
    "2026",
    "99999999",
    "9960",
    "2026-02-31T00:00:00Z",
    "2026-11-24T14:33:00",
    "0000-01-01T00:00:00Z",
  ],
  ...[
    "-1",
    "1e9",
    "NaN",
    "null",
    "[]",
    "{}",
    "'",
    '"',
    "<",
    "`",
    ";",
    "#",
    "&",
    "=",
    "?",
    "%F0%9F%98%80",
    "a".repeat(9000),
  ],
  ...["front-door.preview", "nobody", "__proto__", "constructor", "9999-12-31T23:59:59%2B23:59"],
];
const RANGES = [
  "bytes=0-0",
  "bytes=-1",
  "bytes=99999999999999999999-",
  "bytes=5-4",
  "bytes=-",
  "items=0-1",
  "bytes=0-1,5-6",
  "",
];
const TAGS = ["*", '"x"', 'W/"x"', "x", '"', "Tue, 24 Nov 2026 14:33:10 GMT", "yesterday"];

function two(value: number): string {
  return String(value).padStart(2, "0");
}

function allowed({ schema }: OpenApi.ParameterObject): fc.Arbitrary<string> {
  const { $ref, type, enum: options, minimum = 0, maximum = 1000 } = schema as OpenApi.SchemaObject & { $ref?: string };
  if ($ref !== undefined) return ALLOWED[$ref.split("/").at(-1) as string] as fc.Arbitrary<string>;
  if (options !== undefined) return fc.constantFrom(...(options as string[]));
  if (type === "integer") return fc.integer({ min: minimum, max: maximum }).map(String);
  if (type === "array") return fc.constantFrom("front-door", "front-door,back_yard-2", "");
  if (type === "boolean") return fc.constantFrom("true", "false");
  return fc.constantFrom("", "1", "0");
}

/** A request target for an operation; `value` makes the parameters' values. Some query parameters are left out. */
function target(
  { path, parameters }: (typeof OPERATIONS)[number],
  value: (parameter: OpenApi.ParameterObject) => fc.Arbitrary<string>,
): fc.Arbitrary<string> {
  const given = parameters.map((parameter) => {
    const whether = parameter.in === "path" || parameter.required === true ? fc.constant(true) : fc.boolean();
    return fc.tuple(fc.constant(parameter), value(parameter), whether);
  });
  return fc.tuple(...given).map((values) => {
    let filled = path;
    const query: string[] = [];
    for (const [{ name, in: place }, text, isGiven] of values) {
      if (place === "path") filled = filled.replace(`{${name}}`, () => text);
      else if (isGiven) query.push(`${name}=${text}`);
    }
    const whole = query.length === 0 ? filled : `${filled}?${query.join("&")}`;
    return whole.replace(/[^\x21-\x7e]/g, (letter) => encodeURIComponent(letter));
  });
}

function openFiles(): string[] {
  return readdirSync("/proc/self/fd").flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)].filter((path) => path.startsWith(store.root));
    } catch {
      return []; // closed meanwhile
    }
  });
}

describe("bad input, at every endpoint of the OpenAPI document", () => {
  it("is answered as documented, never 500, gives nothing away and leaves no file open", async () => {
    const text = fc.oneof(
      fc.constantFrom(...HOSTILE),
      fc.string({ unit: "binary", maxLength: 30 }).map(encodeURIComponent),
    );
    const odd = (parameter: OpenApi.ParameterObject) => fc.oneof({ weight: 6, arbitrary: allowed(parameter) }, text);
    const request = fc.record({
      target: fc.constantFrom(...OPERATIONS).chain((operation) => target(operation, odd)),
      method: fc.constantFrom("GET", "GET", "GET", "GET", "HEAD", "POST", "DELETE", "OPTIONS"),
      headers: fc.record(
        {
          Range: fc.constantFrom(...RANGES),
          "If-Range": fc.constantFrom(...TAGS),
          "If-None-Match": fc.constantFrom(...TAGS),
          "If-Match": fc.constantFrom(...TAGS),
          "If-Modified-Since": fc.constantFrom(...TAGS),
          Accept: fc.constantFrom("image/png", "*/*", "", ";q=x"),
          "Accept-Encoding": fc.constantFrom("br", "gzip", "identity;q=0", "x"),
        },
        { requiredKeys: [] },
      ),
    });
    // Node warns about a file that was not closed when it collects the handle.
    const warnings: string[] = [];
    const keep = (warning: Error) => warnings.push(warning.message);
    process.on("warning", keep);
    await fc.assert(
      fc.asyncProperty(request, async ({ target: path, method, headers }) => {
        // The fixture checks that the answer is documented, and that an error is a problem.
        const reply = await api.get(path, headers as Record<string, string>, method);
        expect([500, 501, 502]).not.toContain(reply.status);
        if (reply.status < 400) return;
        expect(reply.text).not.toContain(SECRET);
        expect(reply.text).not.toContain(store.root);
      }),
      { numRuns: 1200 },
    );
    expect(api.log.filter((line) => line.includes('"level":"error"'))).toEqual([]);
    await vi.waitFor(() => expect(openFiles()).toEqual([]), 5000);
    process.off("warning", keep);
    expect(warnings.filter((warning) => warning.includes("file descriptor"))).toEqual([]);
  });

  it("is another case of the letters of an address: /API/1/… is nothing", async () => {
    const examples: Record<string, string> = { id: "front-door", hour: "14", file: "start.js" };
    const exampleOf = (name: string) => examples[name] ?? (name.toLowerCase().endsWith("day") ? "20261124" : "1433");
    const query = "?day=20261124&start=2026-11-24T14:33:00Z&end=2026-11-24T14:33:01Z";
    for (const { path } of OPERATIONS) {
      const written = path.replace(/\{(\w+)\}/g, (_, name) => exampleOf(name)) + query;
      const shouted = path.replace(/\{(\w+)\}|[a-z]+/g, (text, name) => (name ? exampleOf(name) : text.toUpperCase()));
      for (const other of [written.replace("/api/", "/API/"), `/api/${shouted.slice("/api/".length)}${query}`]) {
        const { status, json } = await api.get(other);
        expect([other, status, json().type]).toEqual([other, 404, "urn:hindsight:problem:no-such-resource"]);
      }
    }
  });

  it("is not what the document allows: such requests are never called malformed", async () => {
    const request = fc.constantFrom(...OPERATIONS).chain((operation) => {
      // Either a day or from and to: schemas of single parameters cannot express that, so the description does.
      const names = operation.parameters.map(({ name }) => name);
      const needsOne = names.includes("day") && names.includes("from");
      const required = (chosen: readonly string[]) => ({
        path: operation.path,
        parameters: operation.parameters
          .filter(({ name }) => !["day", "from", "to"].includes(name) || chosen.includes(name))
          .map((each) => (chosen.includes(each.name) ? { ...each, required: true } : each)),
      });
      if (!needsOne || operation.path.includes("{day}")) return target(operation, allowed);
      return fc.constantFrom(["day"], ["from", "to"]).chain((chosen) => target(required(chosen), allowed));
    });
    await fc.assert(
      fc.asyncProperty(request, async (path) => {
        const reply = await api.get(path);
        if (reply.status === 400) expect(reply.json().type).not.toBe("urn:hindsight:problem:bad-request");
      }),
      { numRuns: 600 },
    );
  });
});
