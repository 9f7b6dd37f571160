import type { IncomingMessage } from "node:http";
import { isIPv6 } from "node:net";
import { addressGroups } from "../../../shared/http/ip-address.ts";
import { forwardedRequest, type ProxyTrust } from "./forwarded.ts";

/**
 * Which client a request is of, as a key for bounds by client: the address of who asked, IPv4 (also where it came as
 * IPv4-mapped IPv6) or, of IPv6, its network of 64 bits (`2001:db8:1:2::/64`), within which one machine may have any
 * number of addresses. Behind a trusted proxy it is the address that the proxy names. Empty when that cannot be told any
 * more, since the connection has ended.
 */
export function clientAddress(request: Pick<IncomingMessage, "headers" | "socket">, isTrusted: ProxyTrust): string {
  const { address } = forwardedRequest(request, isTrusted);
  if (!isIPv6(address) || address === "::1") return address;
  return `${addressGroups(address).slice(0, 4).join(":")}::/64`;
}
