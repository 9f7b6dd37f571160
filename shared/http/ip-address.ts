import { isIP, isIPv6 } from "node:net";

/**
 * The canonical text of an IP address: IPv4 in dotted form, IPv4-mapped IPv6 (`::ffff:192.0.2.1`, as sockets that
 * listen on `::` name their IPv4 peers) as IPv4, other IPv6 in the form of RFC 5952, without its zone. Undefined when
 * the text is not an address.
 */
export function normalizeAddress(text: string): string | undefined {
  if (isIP(text) === 0) return undefined;
  if (!isIPv6(text)) return text;
  const canonical = new URL(`http://[${text.split("%", 1)[0]}]/`).hostname.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(canonical);
  if (mapped === null) return canonical;
  const [high, low] = [Number.parseInt(mapped[1] as string, 16), Number.parseInt(mapped[2] as string, 16)];
  return [high >> 8, high & 255, low >> 8, low & 255].join(".");
}

/** The eight groups of a normalized IPv6 address. */
export function addressGroups(ipv6: string): string[] {
  const [head = "", tail] = ipv6.split("::");
  const before = head === "" ? [] : head.split(":");
  if (tail === undefined) return before;
  const after = tail === "" ? [] : tail.split(":");
  return [...before, ...new Array<string>(8 - before.length - after.length).fill("0"), ...after];
}
