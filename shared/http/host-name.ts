import { isIPv6 } from "node:net";
import { normalizeAddress } from "./ip-address.ts";

/** A host as requests and `api.hosts` name it. */
export interface HostName {
  /** In lower case, without a dot at its end, other alphabets in their ASCII form; an address as `normalizeAddress` has it. */
  name: string;
  /** Without it: the scheme's own, 80 or 443. */
  port?: number;
}

/**
 * Reads what a `Host` header holds (`uri-host [":" port]`, RFC 9110 §7.2), or a key like `api.hosts`; there, IPv6
 * addresses may stand without brackets. Undefined when it names no host.
 */
export function parseHost(text: string): HostName | undefined {
  if (isIPv6(text)) return { name: normalizeAddress(text) as string };
  const [, host, port = ""] = /^(\[[0-9A-Fa-f:.]+\]|[\p{L}\p{M}\p{N}._-]+)(?::(\d{0,5}))?$/u.exec(text) ?? [];
  if (host === undefined || !URL.canParse(`http://${host}/`) || Number(port) > 65_535) return undefined;
  const { hostname } = new URL(`http://${host}/`);
  const name = normalizeAddress(hostname.replace(/^\[|\]$/g, "")) ?? hostname.replace(/\.$/, "");
  return { name, ...(port !== "" && { port: Number(port) }) };
}
