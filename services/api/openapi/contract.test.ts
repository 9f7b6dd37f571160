import { readFileSync } from "node:fs";
import { join } from "node:path";
import { BaseResolver, createConfig, lintDocument, makeDocumentFromString } from "@redocly/openapi-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { minutePath } from "../../../shared/store/names.ts";
import { StoreFixture } from "../../../tests/support/store-fixture.ts";
import { API_TYPES, makeApiTypes } from "../../../tools/api-types.ts";
import { PROBLEM_KINDS } from "../http/problem.ts";
import { ApiFixture } from "../testing/api-fixture.ts";
import { Contract } from "../testing/contract.ts";
import { realMinute } from "../testing/real-minute.ts";
import { openApiDocument } from "./document.ts";

const MINUTE = "20261124.1433";
const contract = new Contract();
let store: StoreFixture;
let api: ApiFixture;

beforeAll(async () => {
  store = new StoreFixture();
  store.minute("front-door", MINUTE);
  store.write(minutePath(store.directory("front-door"), "front-door", MINUTE, "mp4"), await realMinute(MINUTE));
  api = await new ApiFixture(store).start();
});
afterAll(async () => {
  await api.stop();
  store.remove();
});

/** All kinds of requests for a file: one that exists, one that does not, and a malformed one. */
function ofFile(good: string, missing: string, malformed: string): [string, Record<string, string>][] {
  const conditions = [
    {},
    { Range: "bytes=0-9" },
    { "If-None-Match": "*" },
    { "If-Match": '"x"' },
    { Range: "bytes=99999999-" },
  ];
  const asked = conditions.map((headers) => [good, headers as Record<string, string>]);
  return [...asked, [missing, {}], [malformed, {}]] as [string, Record<string, string>][];
}

/** Requests for a list: a plain one, a revalidation, one for an unknown camera, and a malformed one. */
function ofList(good: string, ...bad: string[]): [string, Record<string, string>][] {
  return [
    [good, {}],
    [good, { "If-None-Match": "*" }],
    ...bad.map((path) => [path, {}] as [string, Record<string, string>]),
  ];
}

const camera = "/api/1/camera/front-door";
const twice = "download=1&download=2";
const between = (start: string, end: string) => `start=2026-11-24T${start}Z&end=2026-11-24T${end}Z`;
/** New endpoints must be added here. */
const REQUESTS = [
  ...ofFile(
    `${camera}.preview.${MINUTE}.jpg`,
    `${camera}.preview.20261124.1200.jpg`,
    `${camera}.preview.20260231.1200.jpg`,
  ),
  ...ofFile(
    `${camera}.thumbnail.${MINUTE}.jpg`,
    `${camera}.thumbnail.20261124.1200.jpg`,
    `${camera}.thumbnail.${MINUTE}.jpg?copy=x`,
  ),
  ...ofFile(
    `${camera}.preview.${MINUTE}.mp4`,
    `${camera}.preview.20261124.1200.mp4`,
    `${camera}.preview.${MINUTE}.mp4?${twice}`,
  ),
  ...ofFile(
    `${camera}.sprites.20261124.14.jpg`,
    `${camera}.sprites.20261124.12.jpg`,
    `${camera}.sprites.20260231.12.jpg`,
  ),
  ...ofFile(`${camera}/snapshot.jpg`, "/api/1/camera/nobody/snapshot.jpg", `${camera}/snapshot.jpg?${twice}`),
  ...ofFile(
    `${camera}/range.mp4?${between("14:33:00", "14:33:01")}`,
    `${camera}/range.mp4?${between("12:00:00", "12:01:00")}`,
    `${camera}/range.mp4?${between("12:00:00", "11:00:00")}`,
  ),
  ...ofFile(
    `${camera}.range.${MINUTE}.to.${MINUTE}.mp4`,
    `${camera}.range.20261124.1200.to.20261124.1201.mp4`,
    `${camera}.range.20261124.1200.to.20261124.1201.mp4?gaps=x`,
  ),
  ...ofList(
    `/api/1/range.zip?camera_ids=front-door&${between("14:33:00", "14:33:01")}`,
    `/api/1/range.zip?camera_ids=front-door&${between("12:00:00", "12:01:00")}`,
    `/api/1/range.zip?camera_ids=front-door&${between("12:00:00", "11:00:00")}`,
  ),
  ...ofList("/api/1/cameras.json"),
  ...ofList("/api/1/cameras"),
  ...ofList("/api/1/cameras/20261124", "/api/1/cameras/20260231", "/api/1/cameras/20261124?camera_ids=nobody"),
  ...ofList(`${camera}/minutes?day=20261124`, `${camera}/minutes?day=x`, "/api/1/camera/nobody/minutes?day=20261124"),
  ...ofList(`${camera}/spans?day=20261124`, `${camera}/spans?day=x`, "/api/1/camera/nobody/spans?day=20261124"),
  ...ofList("/api/1/days", "/api/1/days?limit=0", "/api/1/days?camera_ids=nobody"),
  ...ofList(
    "/api/1/conditions?day=20261124",
    "/api/1/conditions?day=x",
    "/api/1/conditions?day=20261124&camera_ids=nobody",
  ),
  ...ofList("/api/1/openapi.json"),
  ...ofList("/api/1/docs"),
  ...ofList("/api/1/docs/start.js", "/api/1/docs/nothing.js"),
  ["/api/1/docs/swagger-ui.css", { "If-Match": '"x"' }] as const,
  ...ofList("/api/1/system.json"),
];

/**
 * Statuses that take more than a request and have their own tests: 307 (the present), 403 (another web site), 409
 * (another codec), 429 (limits), 500 (a fault), 503 (something is away).
 */
const ELSEWHERE = new Set(["307", "403", "409", "429", "500", "503"]);
const ELSEWHERE_PATHS = new Set(["/api/1/events", "/api/1/camera/{id}/live", "/health", "/metrics"]);

describe("the OpenAPI document", () => {
  it("has nothing that a linter of others objects to", async () => {
    const config = await createConfig({
      extends: ["recommended-strict"],
      rules: {
        "operation-4xx-response": "off", // lists without parameters have no 4xx
        "operation-2xx-response": "off", // a WebSocket gets 101
        "no-unused-components": "off", // x-events refers to the events
        "no-ambiguous-paths": "off", // {id}.preview.… and {id}.range.… differ in their literal part
      },
    });
    const document = makeDocumentFromString(JSON.stringify(openApiDocument("1.0.0")), "/openapi.json");
    const problems = await lintDocument({ document, config, externalRefResolver: new BaseResolver() });
    expect(problems.map(({ ruleId, message, location }) => `${ruleId}: ${message} ${location[0]?.pointer}`)).toEqual(
      [],
    );
  });

  it("is served as it is", async () => {
    expect((await api.get("/api/1/openapi.json")).json()).toEqual(JSON.parse(JSON.stringify(openApiDocument("1.2.3"))));
  });

  it("has a request here for every answer of every endpoint", async () => {
    const seen = new Set<string>();
    for (const [target, headers] of REQUESTS) {
      const { status } = await api.get(target, headers);
      seen.add(`${contract.match(target)?.path} ${status}`);
    }
    const documented = Object.entries(openApiDocument("1").paths ?? {})
      .filter(([path]) => !ELSEWHERE_PATHS.has(path))
      .flatMap(([path, item]) =>
        Object.keys(item.get?.responses ?? {}).flatMap((status) =>
          ELSEWHERE.has(status) ? [] : [`${path} ${status}`],
        ),
      );
    expect(documented.filter((each) => !seen.has(each))).toEqual([]);
  });

  it("is what the page's types are made of (else: npm run api-types)", async () => {
    expect(readFileSync(API_TYPES, "utf8")).toBe(await makeApiTypes());
  });

  it("knows the kinds of problem that docs/api.md explains, and no other", () => {
    const text = readFileSync(join(import.meta.dirname, "..", "..", "..", "docs", "api.md"), "utf8");
    const table = text.slice(text.indexOf("| `type`:")).split("\n\n", 1)[0] as string;
    const explained = [...table.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, kind]) => kind);
    expect(explained.sort()).toEqual([...PROBLEM_KINDS].sort());
  });
});

describe("the contract's keeper", () => {
  const ok = { method: "GET", target: "/api/1/days", requestHeaders: {}, status: 200 };
  const headers = {
    "content-type": "application/json; charset=utf-8",
    etag: 'W/"x"',
    "cache-control": "private, no-cache",
  };
  const body = JSON.stringify({ cameras: { a: ["20261124"] } });

  it("takes an answer as the document has it", () => {
    expect(contract.faults({ ...ok, headers, body })).toEqual([]);
  });

  it("objects to a status, type, header, member or form that the document does not have", () => {
    const odd = [
      { ...ok, headers, body, status: 201 },
      { ...ok, headers: { ...headers, "content-type": "text/plain" }, body },
      { ...ok, headers: { ...headers, etag: undefined }, body },
      { ...ok, headers, body: JSON.stringify({ cameras: {}, more: 1 }) },
      { ...ok, headers, body: JSON.stringify({ cameras: { a: ["2026"] } }) },
      { ...ok, headers, body, target: "/api/1/nothing" },
      { ...ok, headers, body, method: "POST" },
      { ...ok, headers, body, target: "/api/1/cameras/yesterday" },
    ];
    for (const exchange of odd) expect(contract.faults(exchange), JSON.stringify(exchange)).not.toEqual([]);
  });
});
