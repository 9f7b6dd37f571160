import type { IncomingMessage } from "node:http";
import { isIPv6 } from "node:net";
import { addressGroups } from "../../../shared/http/ip-address.ts";
import { forwardedRequest, type ProxyTrust } from "./forwarded.ts";

/**
 * The client of a request, as a key for limits by client: its IPv4 address (also where it came as IPv4-mapped IPv6)
 * or, for IPv6, its network of 64 bits (`2001:db8:1:2::/64`), within which one machine may have any number of
 * addresses. Behind a trusted proxy it is the address that the proxy reports. Empty when the connection has ended and
 * the address is unknown.
 */
export function clientAddress(request: Pick<IncomingMessage, "headers" | "socket">, isTrusted: ProxyTrust): string {
  const { address } = forwardedRequest(request, isTrusted);
  if (!isIPv6(address) || address === "::1") return address;
  return `${addressGroups(address).slice(0, 4).join(":")}::/64`;
}
