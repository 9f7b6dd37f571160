import { isIP } from "node:net";
import { Authenticator, type AuthenticatorOptions } from "./authentication.ts";
import type { RtspUrl } from "./url.ts";

export interface CredentialsOptions extends AuthenticatorOptions {
  /**
   * Other hosts that may receive user and password when the camera redirects to them: `host` at any port, or
   * `host:port`.
   */
  redirectHosts?: readonly string[];
}

/**
 * Decides which hosts receive the user and password of a camera's URL: the URL's host at the URL's port, by name or by
 * the address at which it was reached. Any other target of a redirect is another host: another port may be another
 * device behind the same router, and where another name leads is decided by whoever controls that name.
 */
export class Credentials {
  readonly #url: RtspUrl;
  readonly #options: CredentialsOptions;
  #address: string | undefined;

  constructor(url: RtspUrl, options: CredentialsOptions = {}) {
    this.#url = url;
    this.#options = options;
  }

  /** Remembers the address at which a URL was reached. */
  reached(url: RtspUrl, address: string | undefined): void {
    if (url.host === this.#url.host && url.port === this.#url.port) this.#address = address;
  }

  /**
   * The authenticator for a URL's host; undefined when there is no user, or the host must not receive the credentials.
   */
  for(url: RtspUrl): Authenticator | undefined {
    const { user, password } = this.#url;
    if (user === undefined || !this.permits(url)) return undefined;
    return new Authenticator(user, password ?? "", this.#options);
  }

  /** Whether the host of a URL may receive user and password. */
  permits(url: RtspUrl): boolean {
    if (this.#url.secure && !url.secure) return false;
    return this.#isConfigured(url) || this.#isAllowed(url);
  }

  #isConfigured({ host, port }: RtspUrl): boolean {
    if (port !== this.#url.port) return false;
    const name = normal(host);
    return name === normal(this.#url.host) || (isIP(name) !== 0 && name === normal(this.#address ?? ""));
  }

  #isAllowed({ host, port }: RtspUrl): boolean {
    const name = normal(host);
    return (this.#options.redirectHosts ?? []).some((allowed) => {
      const [, bracketed, plain, digits] = /^(?:\[(.*)\]|([^:]*))(?::(\d+))?$/.exec(allowed) ?? [undefined, allowed];
      return normal(bracketed ?? plain ?? "") === name && (digits === undefined || Number(digits) === port);
    });
  }
}

/** Normalises a host: lower case, and the shortest form of an IPv6 address. */
function normal(host: string): string {
  const [address = "", zone] = host.split("%", 2);
  if (isIP(address) !== 6) return host.toLowerCase();
  const { hostname } = new URL(`http://[${address}]/`);
  return hostname.slice(1, -1) + (zone === undefined ? "" : `%${zone}`);
}
