import { isIP } from "node:net";
import { parseHost } from "../http/host-name.ts";
import { formatByteSize, formatDuration, parseByteSize, parseDuration } from "./units.ts";

/** What convict knows about a key, which is also its row in docs/configuration.md. */
export interface Leaf<Value> {
  doc: string;
  /** As the user would write it; null: absent unless the user sets it. */
  default: unknown;
  format: string;
  env?: string;
  sensitive?: boolean;
  nullable?: boolean;
  min?: number;
  max?: number;
  options?: readonly string[];
  /** Never set: it only carries the type of the validated value. */
  readonly value?: Value;
}

type LeafOptions = Omit<Leaf<unknown>, "format" | "value">;

/**
 * A value's format: what is accepted, in words and in code, and how the text of an environment variable is converted.
 */
export interface Format {
  expected(leaf: Leaf<unknown>): string;
  accepts(value: unknown, leaf: Leaf<unknown>): boolean;
  /** The value that a text represents, or the text itself when it represents none (which is then refused). */
  coerce(text: string): unknown;
}

const inRange = (value: unknown, leaf: Leaf<unknown>): value is number =>
  typeof value === "number" && Number.isFinite(value) && value >= (leaf.min ?? 0) && value <= (leaf.max ?? Infinity);

const range = (leaf: Leaf<unknown>, write: (value: number) => string) => {
  if (leaf.max === undefined) return leaf.min === undefined ? "" : ` of at least ${write(leaf.min)}`;
  return ` between ${write(leaf.min ?? 0)} and ${write(leaf.max)}`;
};

const isText = (value: unknown): value is string =>
  typeof value === "string" && value.trim() !== "" && !value.includes("\0");

const listOf = (text: string) =>
  text
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "");

const decimalOf = (text: string) => (/^\s*-?\d+(\.\d+)?\s*$/.test(text) ? Number(text) : text);

export const FORMATS: Record<string, Format> = {
  duration: {
    expected: (leaf) => `a duration${range(leaf, formatDuration)}, such as "30s", "5 min" or "250ms"`,
    accepts: (value, leaf) => inRange(value, leaf) && Number.isInteger(value),
    coerce: (text) => parseDuration(text) ?? text,
  },
  "byte-size": {
    expected: (leaf) => `a size${range(leaf, formatByteSize)}, such as "512MiB", "10GB" or a number of bytes`,
    accepts: (value, leaf) => inRange(value, leaf) && Number.isInteger(value),
    coerce: (text) => parseByteSize(text) ?? text,
  },
  "whole-number": {
    expected: (leaf) => `a whole number${range(leaf, String)}`,
    accepts: (value, leaf) => inRange(value, leaf) && Number.isInteger(value),
    coerce: decimalOf,
  },
  decimal: {
    expected: (leaf) => `a number${range(leaf, String)}`,
    accepts: inRange,
    coerce: decimalOf,
  },
  switch: {
    expected: () => "true or false",
    accepts: (value) => typeof value === "boolean",
    coerce: (text) => ({ true: true, false: false })[text.trim().toLowerCase()] ?? text,
  },
  choice: {
    expected: (leaf) => `one of ${(leaf.options ?? []).map((option) => `"${option}"`).join(", ")}`,
    accepts: (value, leaf) => typeof value === "string" && (leaf.options ?? []).includes(value),
    coerce: (text) => text,
  },
  path: {
    expected: () => "the path of a file or folder, with no more than 255 bytes between slashes and 4000 in all",
    accepts: isPath,
    coerce: (text) => text,
  },
  paths: {
    expected: () => 'a list of folders, such as ["/mnt/disk2"]; as text with commas between',
    accepts: (value) => Array.isArray(value) && value.every(isPath),
    coerce: listOf,
  },
  host: {
    expected: () => 'a host name or an IP address to listen on, such as "127.0.0.1" or "0.0.0.0"',
    accepts: (value) => typeof value === "string" && /^[A-Za-z0-9.:_%-]+$/.test(value),
    coerce: (text) => text,
  },
  hosts: {
    expected: () =>
      'a list of host names or addresses, with a port where one is meant, such as ["192.0.2.11", "nvr.example:8443", "[2001:db8::1]:554"]; as text with commas between',
    accepts: (value) => Array.isArray(value) && value.every(isHostOfList),
    coerce: listOf,
  },
  fingerprint: {
    expected: () => "a SHA-256 fingerprint: 64 hexadecimal digits, with or without colons",
    accepts: (value) => typeof value === "string" && /^(?:[0-9a-f]{2}:?){31}[0-9a-f]{2}$/i.test(value),
    coerce: (text) => text,
  },
  "rtsp-url": {
    expected: () =>
      'an RTSP URL, such as "rtsp://user:password@192.0.2.10/stream1"; in a password write @, / and ? as %40, %2F and %3F, in the path @ as %40',
    accepts: isRtspUrl,
    coerce: (text) => text,
  },
  "redis-url": {
    expected: () => 'a Redis URL, such as "redis://127.0.0.1:6379" or "rediss://…", or the path of a Unix socket',
    accepts: isRedisUrl,
    coerce: (text) => text,
  },
  origins: {
    expected: () =>
      'a list of origins, such as ["https://wall.example"], or ["*"] for every one; as text with commas between',
    accepts: (value) => Array.isArray(value) && value.every(isOrigin),
    coerce: listOf,
  },
  networks: {
    expected: () =>
      'a list of IP addresses and networks, such as ["127.0.0.1", "172.16.0.0/12"]; as text with commas between',
    accepts: (value) => Array.isArray(value) && value.every(isNetwork),
    coerce: listOf,
  },
  "http-url": {
    expected: () => 'an http:// or https:// URL, such as "https://alerts.example/hindsight"',
    accepts: isHttpUrl,
    coerce: (text) => text,
  },
};

export const duration = (options: LeafOptions): Leaf<number> => ({ ...options, format: "duration" });
export const byteSize = (options: LeafOptions): Leaf<number> => ({ ...options, format: "byte-size" });
export const wholeNumber = (options: LeafOptions): Leaf<number> => ({ ...options, format: "whole-number" });
export const switchLeaf = (options: LeafOptions): Leaf<boolean> => ({ ...options, format: "switch" });
export const path = (options: LeafOptions): Leaf<string> => ({ ...options, format: "path" });
export const paths = (options: LeafOptions): Leaf<readonly string[]> => ({ ...options, format: "paths" });
export const host = (options: LeafOptions): Leaf<string> => ({ ...options, format: "host" });
export const port = (options: LeafOptions): Leaf<number> => ({
  ...options,
  format: "whole-number",
  min: 0,
  max: 65_535,
});
export const decimal = (options: LeafOptions): Leaf<number> => ({ ...options, format: "decimal" });
export const rtspUrl = (options: LeafOptions): Leaf<string> => ({ ...options, format: "rtsp-url", sensitive: true });
export const hosts = (options: LeafOptions): Leaf<readonly string[]> => ({ ...options, format: "hosts" });
export const fingerprint = (options: LeafOptions): Leaf<string> => ({ ...options, format: "fingerprint" });
export const redisUrl = (options: LeafOptions): Leaf<string> => ({ ...options, format: "redis-url", sensitive: true });
export const httpUrl = (options: LeafOptions): Leaf<string> => ({ ...options, format: "http-url", sensitive: true });
export const origins = (options: LeafOptions): Leaf<readonly string[]> => ({ ...options, format: "origins" });
export const networks = (options: LeafOptions): Leaf<readonly string[]> => ({ ...options, format: "networks" });
export const choice = <Option extends string>(options: LeafOptions & { options: readonly Option[] }): Leaf<Option> => ({
  ...options,
  format: "choice",
});
/** A key that has no value unless the user gives one. */
export const optional = <Value>(leaf: Leaf<Value>): Leaf<Value | null> =>
  ({ ...leaf, nullable: true }) as Leaf<Value | null>;

/**
 * Whether a text is an RTSP URL that can be connected to. Passwords may hold any character, so user and password end at
 * the last `@` that a host follows. Cameras are strict about the rest, which is only checked for blanks.
 */
export function isRtspUrl(value: unknown): boolean {
  if (typeof value !== "string" || /[\s\p{Cc}]/u.test(value)) return false;
  const match =
    /^rtsps?:\/\/(?:.*@)?(\[[0-9A-Fa-f:.]+(?:%[^\]/?#@]+)?\]|[^:/?#@[\]]+)(?::(\d{1,5}))?(?:[/?].*)?$/i.exec(value);
  if (match === null || hasTwoReadings(value)) return false;
  return match[2] === undefined || (Number(match[2]) >= 1 && Number(match[2]) <= 65_535);
}

/**
 * Whether a URL can be read in two ways: `rtsp://u:p@a/b@c` is host a with an @ in its path, or host c with a password
 * that holds both characters. Connecting to the wrong host would reveal parts of the password to it.
 */
function hasTwoReadings(url: string): boolean {
  const text = url.slice(url.indexOf("//") + 2);
  const authority = text.search(/[/?]/);
  const host = text.slice(text.lastIndexOf("@") + 1);
  if (authority === -1 || text.lastIndexOf("@") < authority || !text.slice(0, authority).includes(":")) return false;
  const hostAtFront = /^(?:.*@)?(?:\[[^\]]*\]|[^:/?#@[\]]+)(?::\d{1,5})?$/.test(text.slice(0, authority));
  return hostAtFront && /^(?:\[[0-9A-Fa-f:.]+(?:%[^\]/?#@]+)?\]|[A-Za-z0-9._-]+)(?::\d{1,5})?(?:[/?]|$)/.test(host);
}

function isHostOfList(value: unknown): boolean {
  const host = typeof value === "string" ? parseHost(value) : undefined;
  return host !== undefined && host.port !== 0;
}

/** Whether a text is a path that leaves room for footage names within the limits of Linux (PATH_MAX, NAME_MAX). */
function isPath(value: unknown): boolean {
  if (!isText(value) || Buffer.byteLength(value) > 4000) return false;
  return value.split("/").every((name) => Buffer.byteLength(name) <= 255);
}

function isRedisUrl(value: unknown): boolean {
  if (typeof value !== "string" || /\p{Cc}/u.test(value)) return false;
  if (/^\/[^/]/.test(value)) return true;
  try {
    const url = new URL(value);
    return (url.protocol === "redis:" || url.protocol === "rediss:") && url.hostname !== "";
  } catch {
    return false;
  }
}

/** An origin as browsers send it (RFC 6454 §6.1), without a path; or `*` for every origin. */
function isOrigin(value: unknown): boolean {
  return value === "*" || (isHttpUrl(value) && new URL(value as string).origin === value);
}

function isHttpUrl(value: unknown): boolean {
  if (typeof value !== "string" || /[\s\p{Cc}]/u.test(value) || !URL.canParse(value)) return false;
  const { protocol, hostname } = new URL(value);
  return (protocol === "http:" || protocol === "https:") && hostname !== "";
}

/** An IP address, or a network as `address/prefix` (RFC 4632 §3.1, RFC 4291 §2.3). */
function isNetwork(value: unknown): boolean {
  if (typeof value !== "string") return false;
  const [, address = "", prefix] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(value) ?? [];
  const family = isIP(address);
  return family !== 0 && Number(prefix ?? 0) <= (family === 4 ? 32 : 128);
}
