import type { Writable } from "node:stream";
import winston from "winston";
import type { Logger } from "./logger.ts";
import { Redactor, type Secrets } from "./redactor.ts";

const MESSAGE = Symbol.for("message");

export interface LoggerOptions {
  /** Stands in every line: recorder, converter … */
  service: string;
  config: { readonly current: { readonly log: { readonly level: string; readonly format: "text" | "json" } } };
  /** What no line may show. */
  secrets: Secrets;
  /** Standard output unless given. */
  output?: Writable;
}

/**
 * A logger of lines `2026-11-24T14:32:05.123Z info recorder: message {"meta":…}`, or of JSON objects. Errors go as
 * `{ error }`; their stacks are logged at level error only. Whatever is logged, secrets are masked (promise 5).
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

/** `logger.error(error)` makes the error itself the entry: what of it is not enumerable is taken along here. */
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

/** Further lines are indented, and control characters escaped: what a camera sends must not pass for a line of ours. */
function indent(text: string): string {
  return text
    .replace(/(?![\n\t])\p{Cc}/gu, (character) => JSON.stringify(character).slice(1, -1))
    .replaceAll("\n", "\n    ");
}
