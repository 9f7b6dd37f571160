import { isIP, type LookupFunction } from "node:net";

/** Where to connect to. */
export interface Destination {
  /** A name or an address. */
  host: string;
  port: number;
  /**
   * How long each address of a name is tried before the next one, the last one without limit; 250 ms when not given.
   */
  attemptTimeoutMs?: number;
  /** An address of the name that is tried before all others. */
  preferredAddress?: string | undefined;
}

/** A name has mostly two addresses, one of each family; so many can be tried before a camera counts as away. */
const ADDRESSES_WITHIN_LIMIT = 4;
const MIN_ATTEMPT_MS = 250;

/**
 * How long each address of a camera is tried. Node's 250 ms are too short for cameras that are far away or answer the
 * second try only (SYN is sent again after 1, 3 and 7 s): the right address was left for one that leads nowhere.
 */
export function attemptTimeoutMs(connectTimeoutMs: number): number {
  return Math.max(MIN_ATTEMPT_MS, Math.floor(connectTimeoutMs / ADDRESSES_WITHIN_LIMIT));
}

/** A look-up whose answer begins with an address, where it holds that one. */
export function inOrder(lookup: LookupFunction, first: string): LookupFunction {
  return (name, options, callback) => {
    lookup(name, options, (error, addresses, family) => {
      const isList = error === null && Array.isArray(addresses);
      const rank = ({ address }: { address: string }) => (address === first ? 0 : 1);
      callback(error, isList ? [...addresses].sort((a, b) => rank(a) - rank(b)) : addresses, family);
    });
  };
}

/** An address and port as they are written. */
export function triedAddress(address: string, port: number): string {
  return isIP(address) === 6 ? `[${address}]:${port}` : `${address}:${port}`;
}
