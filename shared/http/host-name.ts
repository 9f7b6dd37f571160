import { isIPv6 } from "node:net";
import { normalizeAddress } from "./ip-address.ts";

/** A host as named in requests and in `api.hosts`. */
export interface HostName {
  /**
   * Lower case, without a trailing dot, other alphabets in their ASCII form; an address as `normalizeAddress` returns
   * it.
   */
  name: string;
  /** Absent: the scheme's default, 80 or 443. */
  port?: number;
}

/**
 * Parses a `Host` header (`uri-host [":" port]`, RFC 9110 §7.2), or an element of a setting like `api.hosts`, where
 * IPv6 addresses may have no brackets. Undefined when the text names no host.
 */
export function parseHost(text: string): HostName | undefined {
  if (isIPv6(text)) return { name: normalizeAddress(text) as string };
  const [, host, port = ""] = /^(\[[0-9A-Fa-f:.]+\]|[\p{L}\p{M}\p{N}._-]+)(?::(\d{0,5}))?$/u.exec(text) ?? [];
  if (host === undefined || !URL.canParse(`http://${host}/`) || Number(port) > 65_535) return undefined;
  const { hostname } = new URL(`http://${host}/`);
  const name = normalizeAddress(hostname.replace(/^\[|\]$/g, "")) ?? hostname.replace(/\.$/, "");
  return { name, ...(port !== "" && { port: Number(port) }) };
}
