import type { Writable } from "node:stream";
import winston from "winston";
import type { Logger } from "./logger.ts";
import { Redactor, type Secrets } from "./redactor.ts";

const MESSAGE = Symbol.for("message");

export interface LoggerOptions {
  /** Part of every line: recorder, converter … */
  service: string;
  config: { readonly current: { readonly log: { readonly level: string; readonly format: "text" | "json" } } };
  /** Masked in every line. */
  secrets: Secrets;
  /** Default: standard output. */
  output?: Writable;
}

/**
 * A logger that writes lines like `2026-11-24T14:32:05.123Z info recorder: message {"meta":…}`, or JSON objects. Errors
 * are passed as `{ error }`; their stacks are logged at level error only. Secrets are masked in everything that is
 * logged (promise 5).
 */
export function createLogger({ service, config, secrets, output }: LoggerOptions): Logger {
  const redactor = new Redactor(secrets);
  const line = winston.format((info) => {
    const { level, message, ...rest } = info;
    const entry: Entry = {
      time: new Date().toISOString(),
      level,
      service,
      message: redactor.text(String(message)),
      meta: redactor.value({ ...rest, ...errorParts(info) }, level === "error") as Record<string, unknown>,
    };
    const json = config.current.log.format === "json";
    return { ...info, [MESSAGE]: json ? toJson(entry) : toText(entry) };
  });
  return winston.createLogger({
    level: config.current.log.level,
    format: line(),
    transports: [
      output === undefined ? new winston.transports.Console() : new winston.transports.Stream({ stream: output }),
    ],
    exitOnError: false,
  });
}

interface Entry {
  time: string;
  level: string;
  service: string;
  /** Masked. */
  message: string;
  meta: Record<string, unknown>;
}

/** With `logger.error(error)` the error itself becomes the entry: this returns its members that are not enumerable. */
function errorParts(info: object): Record<string, unknown> {
  if (!(info instanceof Error)) return {};
  return { stack: info.stack, ...(info.cause === undefined ? {} : { cause: info.cause }) };
}

function toJson({ time, level, service, message, meta }: Entry): string {
  return JSON.stringify({ ...meta, time, level, service, message });
}

function toText({ time, level, service, message, meta }: Entry): string {
  const stacks: string[] = [];
  const withoutStacks = JSON.stringify(meta, (key, value: unknown) => {
    if (key !== "stack" || typeof value !== "string") return value;
    stacks.push(value);
    return undefined;
  });
  const head = `${time} ${level} ${service}: ${indent(message)}`;
  return [
    withoutStacks === "{}" ? head : `${head} ${withoutStacks}`,
    ...stacks.map((stack) => `    ${indent(stack)}`),
  ].join("\n");
}

/** Indents further lines and escapes control characters: data from a camera must not look like a log line of ours. */
function indent(text: string): string {
  return text
    .replace(/(?![\n\t])\p{Cc}/gu, (character) => JSON.stringify(character).slice(1, -1))
    .replaceAll("\n", "\n    ");
}
