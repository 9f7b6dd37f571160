import { isIP, type LookupFunction } from "node:net";

/** Where to connect to. */
export interface Destination {
  /** A name or an address. */
  host: string;
  port: number;
  /** How long each address of a name is tried before the next one; the last one has no limit. Default 250 ms. */
  attemptTimeoutMs?: number;
  /** An address of the name that is tried before all others. */
  preferredAddress?: string | undefined;
}

/** Number of addresses that can be tried within the connect timeout; a name mostly has two, one of each family. */
const ADDRESSES_WITHIN_LIMIT = 4;
const MIN_ATTEMPT_MS = 250;

/**
 * How long each address of a camera is tried. Node's 250 ms are too short for cameras that are far away or answer only
 * the second SYN (which is sent again after 1, 3 and 7 s): the right address would be given up for one that leads
 * nowhere.
 */
export function attemptTimeoutMs(connectTimeoutMs: number): number {
  return Math.max(MIN_ATTEMPT_MS, Math.floor(connectTimeoutMs / ADDRESSES_WITHIN_LIMIT));
}

/** A look-up that puts the address `first`, if it is among the results, before all others. */
export function inOrder(lookup: LookupFunction, first: string): LookupFunction {
  return (name, options, callback) => {
    lookup(name, options, (error, addresses, family) => {
      const isList = error === null && Array.isArray(addresses);
      const rank = ({ address }: { address: string }) => (address === first ? 0 : 1);
      callback(error, isList ? [...addresses].sort((a, b) => rank(a) - rank(b)) : addresses, family);
    });
  };
}

/** An address and port as text. */
export function triedAddress(address: string, port: number): string {
  return isIP(address) === 6 ? `[${address}]:${port}` : `${address}:${port}`;
}
