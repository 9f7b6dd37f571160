import type { IncomingMessage } from "node:http";
import { isIPv6 } from "node:net";
import { addressGroups } from "../../../shared/http/ip-address.ts";
import { forwardedRequest, proxyTrust } from "./forwarded.ts";

/**
 * Which client a request is of, as a key for bounds by client: the address of who asked, IPv4 (also where it came as
 * IPv4-mapped IPv6) or, of IPv6, its network of 64 bits (`2001:db8:1:2::/64`), within which one machine may have any
 * number of addresses. Behind a proxy of `trustedProxies` it is the address that the proxy names. Empty when that cannot
 * be told any more, since the connection has ended.
 *
 * @param trustedProxies `api.trustedProxies` of the configuration in force
 */
export function clientAddress(
  request: Pick<IncomingMessage, "headers" | "socket">,
  trustedProxies: readonly string[],
): string {
  const { address } = forwardedRequest(request, proxyTrust(trustedProxies));
  if (!isIPv6(address) || address === "::1") return address;
  return `${addressGroups(address).slice(0, 4).join(":")}::/64`;
}
