import type { IncomingMessage } from "node:http";
import { isIP, isIPv4 } from "node:net";
import { networkInterfaces } from "node:os";
import type { Logger } from "../logging/logger.ts";
import { WarnOnce } from "../logging/warn-once.ts";
import { parseHost } from "./host-name.ts";
import { normalizeAddress } from "./ip-address.ts";
import { excerpt } from "./problem-details.ts";

/** Why a request is not served: 400 when it names no host or several; 421 (RFC 9110 §15.5.20) when it names another. */
export interface HostRefusal {
  kind: "bad-request" | "unknown-host";
  status: 400 | 421;
  message: string;
}

export interface HostGuardOptions {
  /** The host name or address that the server is configured to listen at. */
  listensAt: string;
  /** Further names under which the server may be requested, from the current configuration. */
  hosts(): readonly string[];
  /** The setting that holds these, for messages, such as "api.hosts (NVR_API_HOSTS)". */
  setting: string;
  logger: Logger;
}

const EVERY_ADDRESS: ReadonlySet<string> = new Set(["0.0.0.0", "::"]);

/**
 * Refuses requests for another host. A web page can make the visitor's browser resolve the page's own host name to one
 * of our addresses (DNS rebinding): the browser then treats our answers as the page's own, so the page could read and
 * control everything, but it sends the page's name as the host. Accepted are the loopback names and addresses, the
 * address that the server listens at, and the configured names.
 */
export class HostGuard {
  readonly #options: HostGuardOptions;
  /** The name in `listensAt`, in the form in which the names in requests are compared. */
  readonly #listensAt: string | undefined;
  readonly #warnings: WarnOnce;
  #hosts: readonly string[] = [];
  #names: ReadonlySet<string> = new Set();

  constructor(options: HostGuardOptions) {
    this.#options = options;
    this.#listensAt = parseHost(options.listensAt)?.name;
    this.#warnings = new WarnOnce(options.logger);
  }

  /**
   * Why a request must not be served; undefined when it may be.
   * @param forwardedHost the requested host according to a trusted proxy
   */
  refusal(request: IncomingMessage, forwardedHost?: string): HostRefusal | undefined {
    const { rawHeaders, headers, httpVersion } = request;
    const given = rawHeaders.filter((name, i) => i % 2 === 0 && name.length === 4 && name.toLowerCase() === "host");
    if (given.length > 1) return malformed("The request has two Host headers."); // RFC 9112 §3.2
    if (headers.host === undefined && httpVersion !== "1.0") return malformed("The request has no Host.");
    const target = /^[a-z][a-z\d+.-]*:\/\/([^/?#]*)/i.exec(request.url ?? "")?.[1];
    for (const host of [headers.host, target, forwardedHost]) {
      const refused = host === undefined ? undefined : this.#refuse(host, request.socket.localAddress);
      if (refused !== undefined) return refused;
    }
    return undefined;
  }

  #refuse(host: string, localAddress: string | undefined): HostRefusal | undefined {
    const name = parseHost(host)?.name;
    if (name === undefined) return malformed(`"${excerpt(host)}" names no host.`);
    if (isLoopback(name) || this.#isConfigured(name) || this.#isListenedAt(name, localAddress)) return undefined;
    const { setting } = this.#options;
    const todo = `if this is a name of this machine, or of a proxy in front of it, add it to ${setting}`;
    this.#warnings.warn(name, `a request for "${excerpt(name)}" was refused: ${todo}`);
    return {
      kind: "unknown-host",
      status: 421,
      message: `"${excerpt(name)}" is not served here: ${todo}; docs/proxy.md tells more.`,
    };
  }

  #isConfigured(name: string): boolean {
    const hosts = this.#options.hosts();
    if (hosts !== this.#hosts) {
      this.#hosts = hosts;
      this.#names = new Set(hosts.map((host) => parseHost(host)?.name ?? host));
    }
    return this.#names.has(name);
  }

  #isListenedAt(name: string, localAddress: string | undefined): boolean {
    const listensAt = this.#listensAt ?? "";
    if (isIP(name) === 0) return name === listensAt;
    // No client can reach us at "every address", but browsers take it for this machine.
    if (EVERY_ADDRESS.has(name)) return false;
    if (name === normalizeAddress(localAddress ?? "") || name === listensAt) return true;
    return EVERY_ADDRESS.has(listensAt) && isOfThisMachine(name);
  }
}

function malformed(message: string): HostRefusal {
  return { kind: "bad-request", status: 400, message };
}

/** Browsers resolve `localhost` and names that end in it to loopback themselves (RFC 6761 §6.3). */
function isLoopback(name: string): boolean {
  if (isIPv4(name)) return name.startsWith("127.");
  return name === "::1" || name === "localhost" || name.endsWith(".localhost");
}

function isOfThisMachine(address: string): boolean {
  const interfaces = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  return interfaces.some((each) => normalizeAddress(each.address) === address);
}
