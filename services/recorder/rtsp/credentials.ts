import { isIP } from "node:net";
import { Authenticator, type AuthenticatorOptions } from "./authentication.ts";
import type { RtspUrl } from "./url.ts";

export interface CredentialsOptions extends AuthenticatorOptions {
  /**
   * Other hosts that may have user and password, `host` at any port or `host:port`, when the camera redirects there.
   */
  redirectHosts?: readonly string[];
}

/**
 * Who is given the user and password of a camera's URL: the host that the URL names, at the port that it names, by that
 * name or by the address at which the name was reached. Whatever a camera redirects to beside that is another host:
 * another port may be another device behind the same router, and where another name leads is up to whoever answers for
 * it.
 */
export class Credentials {
  readonly #url: RtspUrl;
  readonly #options: CredentialsOptions;
  #address: string | undefined;

  constructor(url: RtspUrl, options: CredentialsOptions = {}) {
    this.#url = url;
    this.#options = options;
  }

  /** Takes note of the address at which a URL was reached. */
  reached(url: RtspUrl, address: string | undefined): void {
    if (url.host === this.#url.host && url.port === this.#url.port) this.#address = address;
  }

  /** What answers the challenges of a URL's host; undefined when there is no user, or the host may not know of it. */
  for(url: RtspUrl): Authenticator | undefined {
    const { user, password } = this.#url;
    if (user === undefined || !this.permits(url)) return undefined;
    return new Authenticator(user, password ?? "", this.#options);
  }

  /** Whether the host of a URL may have user and password. */
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

/** One spelling for all of a host's: lower case, and of an IPv6 address the shortest. */
function normal(host: string): string {
  const [address = "", zone] = host.split("%", 2);
  if (isIP(address) !== 6) return host.toLowerCase();
  const { hostname } = new URL(`http://[${address}]/`);
  return hostname.slice(1, -1) + (zone === undefined ? "" : `%${zone}`);
}
