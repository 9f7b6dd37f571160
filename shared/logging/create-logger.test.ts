import { PassThrough } from "node:stream";
import fc from "fast-check";
import { expect, test } from "vitest";
import { parseConfig } from "../config/load-config.ts";
import { secretsIn } from "../config/secrets.ts";
import { createLogger } from "./create-logger.ts";
import type { Logger } from "./logger.ts";

const SECRET = "hunter2-very-secret";

function logged(write: (logger: Logger) => void, value: object = {}): string {
  const config = parseConfig(JSON.stringify(value), "nvr.json", { env: {}, cwd: "/" });
  const output = new PassThrough();
  write(
    createLogger({ service: "recorder", config: { current: config }, secrets: secretsIn({ current: config }), output }),
  );
  return String(output.read() ?? "");
}

const json = { log: { format: "json" } };
const withCamera = (url: string, more: object = {}) => ({ cameras: { a: { url } }, ...more });

test("a line says when, how grave, which service and what", () => {
  const line = logged((logger) => logger.info("connected", { camera: "front-door", ms: 20 }));
  expect(line).toMatch(
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z info recorder: connected \{"camera":"front-door","ms":20\}\n$/,
  );
});

test("as JSON each line is one object", () => {
  const line = logged((logger) => logger.warn("away", { error: new Error("x\ny") }), json);
  expect(JSON.parse(line)).toMatchObject({
    level: "warn",
    service: "recorder",
    message: "away",
    error: { message: "x\ny" },
  });
});

test("a stack is logged at level error only, with its cause", () => {
  const error = new Error("outer", { cause: new Error("inner") });
  expect(logged((logger) => logger.warn("trouble", { error }))).not.toContain("create-logger.test");
  const line = logged((logger) => logger.error("trouble", { error }));
  expect(line).toContain("create-logger.test");
  expect(line).toContain("inner");
});

test("what is less important than the level is not logged", () => {
  expect(logged((logger) => logger.debug("detail"))).toBe("");
  expect(logged((logger) => logger.debug("detail"), { log: { level: "debug" } })).toContain("detail");
});

test("a message cannot pass for a line of its own", () => {
  const lines = logged((logger) =>
    logger.info("SDP:\n2026-11-24T00:00:00.000Z error recorder: \u001b[31mfake\r"),
  ).split("\n");
  expect(lines.filter((line) => /^\d{4}-/.test(line))).toHaveLength(1);
  expect(lines.join("")).not.toContain("\u001b");
});

/** Every way for a text to get into a log. */
const waysIn: Record<string, (logger: Logger, text: string) => void> = {
  message: (logger, text) => logger.info(`cannot play ${text}.`),
  meta: (logger, text) => logger.info("x", { url: text }),
  nested: (logger, text) => logger.warn("x", { list: [{ map: new Map([[text, new Set([text])]]) }] }),
  key: (logger, text) => logger.info("x", { [text]: 1 }),
  error: (logger, text) => logger.error("x", { error: new Error(text) }),
  cause: (logger, text) => logger.error("x", { error: new Error("y", { cause: new Error(text) }) }),
  "error itself": (logger, text) => void logger.error(new Error(text)),
  "error as second": (logger, text) => logger.error("x", new Error(text, { cause: text })),
  aggregate: (logger, text) => logger.error("x", { error: new AggregateError([new Error(text)]) }),
  property: (logger, text) => logger.error("x", { error: Object.assign(new Error("y"), { request: text }) }),
  "URL object": (logger, text) => URL.canParse(text) && logger.info("x", { url: new URL(text) }),
};

test("user and password of any URL are masked, whichever way it gets into the log (promise 5)", () => {
  const letters = [..."abcXYZ0189-._~!$&()*+,;=:%#/?@"];
  const password = fc.string({ unit: fc.constantFrom(...letters), minLength: 8, maxLength: 24 });
  fc.assert(
    fc.property(fc.constantFrom(...Object.keys(waysIn)), password, fc.constantFrom({}, json), (way, random, format) => {
      const secret = `S${random}S`;
      const line = logged((logger) => waysIn[way]?.(logger, `rtsp://admin:${secret}@192.0.2.1/stream`), format);
      expect(line, way).not.toContain(secret);
      expect(line, way).not.toContain("admin");
    }),
  );
});

test("a configured password is masked verbatim wherever it appears, percent-encoded and as Basic credentials (promise 5)", () => {
  const password = fc.string({ unit: "grapheme", minLength: 4, maxLength: 24 }).filter((text) => !text.includes("*"));
  fc.assert(
    fc.property(fc.constantFrom(...Object.keys(waysIn)), password, fc.constantFrom({}, json), (way, random, format) => {
      const secret = `S${random}S`;
      const url = `rtsp://admin:${encodeURIComponent(secret)}@192.0.2.1/stream`;
      const basic = Buffer.from(`admin:${secret}`).toString("base64");
      const line = logged(
        (logger) => waysIn[way]?.(logger, `tried ${secret} and ${encodeURIComponent(secret)} as Basic ${basic}.`),
        withCamera(url, format),
      );
      for (const spelling of [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret), basic]) {
        expect(line, way).not.toContain(spelling);
      }
    }),
  );
});

test("passwords in a camera's path or query, and that of Redis, are secrets as well (promise 5)", () => {
  const url = `rtsp://192.0.2.1/user=admin_password=${SECRET}_channel=1_stream=0.sdp`;
  const value = withCamera(url, { redis: { url: "redis://:redis-secret@127.0.0.1" } });
  const line = logged((logger) => logger.info(`DESCRIBE ${url}, ${SECRET}, redis-secret`), value);
  expect(line).not.toContain(SECRET);
  expect(line).not.toContain("redis-secret");
  expect(line).toContain("channel=1");
});

test("a password that was changed stays secret", () => {
  const config = {
    current: parseConfig(JSON.stringify(withCamera(`rtsp://u:${SECRET}@h`)), "x", { env: {}, cwd: "/" }),
  };
  const output = new PassThrough();
  const logger = createLogger({ service: "recorder", config, secrets: secretsIn(config), output });
  logger.info("before");
  config.current = parseConfig(JSON.stringify(withCamera("rtsp://u:another-one@h")), "x", { env: {}, cwd: "/" });
  logger.info(`${SECRET} another-one`);
  expect(String(output.read())).not.toMatch(new RegExp(`${SECRET}|another-one`));
});

test("circular, deep and odd values are logged without an error", () => {
  const circular: Record<string, unknown> = {
    big: 1n,
    at: new Date(Number.NaN),
    bytes: Buffer.alloc(5),
    call: () => 1,
  };
  circular.self = circular;
  expect(logged((logger) => logger.info("x", circular), json)).toContain("(5 bytes)");
  fc.assert(
    fc.property(fc.anything({ withBigInt: true, withMap: true, withSet: true, withDate: true }), (value) => {
      JSON.parse(logged((logger) => logger.info("x", { value }), json));
    }),
  );
});
