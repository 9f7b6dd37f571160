import type { IncomingMessage } from "node:http";
import { BlockList, isIPv6 } from "node:net";
import { parse } from "forwarded-parse";
import type { LiveConfig } from "../../../shared/config/config.ts";
import { normalizeAddress } from "../../../shared/http/ip-address.ts";

/** What is known of a request, including what its trusted proxies report. */
export interface ForwardedRequest {
  /** The client's address, normalized; empty when the connection has ended and it is unknown. */
  address: string;
  /** The requested host, with its port if it has one. */
  host?: string;
  /** The protocol of the client's request, "http" or "https". */
  protocol?: string;
}

type Heard = Pick<IncomingMessage, "headers" | "socket">;

/** Whether an address is that of a trusted proxy. */
export type ProxyTrust = (address: string) => boolean;

/** @param trustedProxies addresses and networks (`10.0.0.0/8`), in the format of `api.trustedProxies` */
export function proxyTrust(trustedProxies: readonly string[]): ProxyTrust {
  if (trustedProxies.length === 0) return () => false;
  const list = new BlockList();
  for (const text of trustedProxies) {
    const [first = "", prefix] = text.split("/");
    const address = normalizeAddress(first) ?? first;
    if (prefix === undefined) list.addAddress(address, familyOf(address));
    else list.addSubnet(address, Number(prefix), familyOf(address));
  }
  return (address) => address !== "" && list.check(address, familyOf(address));
}

/** The trust by the current configuration. */
export function configuredTrust(config: LiveConfig): () => ProxyTrust {
  let proxies: readonly string[] = [];
  let trust = proxyTrust(proxies);
  return () => {
    const { trustedProxies } = config.current.api;
    if (trustedProxies !== proxies) trust = proxyTrust(trustedProxies);
    proxies = trustedProxies;
    return trust;
  };
}

function familyOf(address: string): "ipv4" | "ipv6" {
  return isIPv6(address) ? "ipv6" : "ipv4";
}

/**
 * The client of a request, and the requested host and protocol. The client is the connection's peer; headers that say
 * otherwise count only when a trusted proxy sent them.
 *
 * Either `X-Forwarded-For`, `-Host` and `-Proto` or `Forwarded` (RFC 7239) is read, never both: a proxy sets one kind
 * and passes on what the client wrote in the other. Lists are read from their end, where the nearest proxy appends; a
 * client may have forged what precedes the last address that is not trusted.
 */
export function forwardedRequest({ headers, socket }: Heard, isTrusted: ProxyTrust): ForwardedRequest {
  let address = normalizeAddress(socket.remoteAddress ?? "") ?? "";
  let said: Hop = {};
  if (isTrusted(address)) {
    for (const hop of readHops(headers).reverse()) {
      said = hop;
      const before = addressOf(hop.for);
      if (before !== undefined) address = before;
      if (before === undefined || !isTrusted(before)) break;
    }
  }
  const { host, protocol } = said;
  return { address, ...(host !== undefined && { host }), ...(protocol !== undefined && { protocol }) };
}

/** What one proxy reports of the request that it received. */
interface Hop {
  /** Who sent it. */
  for?: string | undefined;
  host?: string | undefined;
  protocol?: string | undefined;
}

/** The reports of all proxies; the nearest proxy's comes last. */
function readHops(headers: IncomingMessage["headers"]): Hop[] {
  const addresses = listOf(headers["x-forwarded-for"]);
  // Of several values, the nearest proxy appended the last one.
  const host = listOf(headers["x-forwarded-host"]).at(-1);
  const protocol = protocolOf(listOf(headers["x-forwarded-proto"]).at(-1));
  if (addresses.length > 0 || host !== undefined || protocol !== undefined) {
    if (addresses.length === 0) return [{ host, protocol }];
    return addresses.map((address) => ({ for: address, host, protocol }));
  }
  try {
    return parse(headers.forwarded ?? "").map((hop) => ({
      for: hop.for,
      host: hop.host,
      protocol: protocolOf(hop.proto),
    }));
  } catch {
    return []; // malformed: treated as absent
  }
}

/** Traefik reports "ws" or "wss" for a WebSocket request (traefik #9736); the page's own protocol is HTTP. */
function protocolOf(said: string | undefined): string | undefined {
  return said?.toLowerCase().replace(/^ws(s?)$/, "http$1");
}

function listOf(value: string | string[] | undefined): string[] {
  return (value ?? "")
    .toString()
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "");
}

/** The address in `192.0.2.1[:4711]`, `2001:db8::1` or `[2001:db8::1]:4711`; undefined for `unknown` and `_hidden`. */
function addressOf(node: string | undefined): string | undefined {
  if (node === undefined) return undefined;
  const [, bracketed, plain] = /^(?:\[([^\]]*)\]|([^:]*))(?::\d+)?$/.exec(node) ?? [];
  return normalizeAddress(bracketed ?? plain ?? node);
}
