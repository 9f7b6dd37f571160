import type { IncomingMessage } from "node:http";
import type { RequestHandler } from "express";
import type { LiveConfig } from "../../../shared/config/config.ts";
import { parseHost } from "../../../shared/http/host-name.ts";
import type { Logger } from "../../../shared/logging/logger.ts";
import { WarnOnce } from "../../../shared/logging/warn-once.ts";
import { configuredTrust, type ForwardedRequest, forwardedRequest } from "./forwarded.ts";
import { excerpt, Problem } from "./problem.ts";

type Heard = Pick<IncomingMessage, "headers" | "socket">;
type Action = "watch" | "change anything";

/**
 * Distinguishes our own page from other web sites, which can also make requests through the visitor's browser.
 * Browsers send which site a request comes from: in `Sec-Fetch-Site`, or where they omit that (to plain http, in some
 * for WebSockets) in `Origin`, which is ours when it is the requested host or one of `api.hosts`. Other clients send
 * neither.
 */
export class OriginGuard {
  readonly #config: LiveConfig;
  readonly #warnings: WarnOnce;
  readonly #trust: ReturnType<typeof configuredTrust>;

  constructor(config: LiveConfig, logger: Logger) {
    this.#config = config;
    this.#warnings = new WarnOnce(logger);
    this.#trust = configuredTrust(config);
  }

  /** Refuses requests of other web sites that change something (CSRF). */
  readonly refuseChanges: RequestHandler = (req, _res, next) => {
    if (req.method === "GET" || req.method === "HEAD" || req.method === "OPTIONS") return next();
    next(this.refusal(req, "change anything"));
  };

  /** Why a page's request is refused, and what to configure if the page is ours; undefined when it is not refused. */
  refusal(request: Heard, action: Action): Problem | undefined {
    const { origin, "sec-fetch-site": site } = request.headers;
    if (site === "same-origin" || site === "none") return undefined;
    const problem = site === undefined ? this.originRefusal(request, origin, action) : anotherSite(action);
    if (problem !== undefined) this.#warnings.warn(origin ?? "", `a page of ${named(origin)}: ${problem.message}`);
    return problem;
  }

  /** The same, by the page's origin alone. */
  originRefusal(request: Heard, origin: string | undefined, action: Action): Problem | undefined {
    if (origin === undefined) return undefined;
    const forwarded = forwardedRequest(request, this.#trust());
    if (this.#isOurs(origin, request.headers.host, forwarded)) return undefined;
    const protocol = /^(https?):\/\//.exec(origin)?.[1];
    if (protocol === undefined) return anotherSite(action); // such as "null", which no setting can allow
    const todo =
      forwarded.protocol !== undefined && forwarded.protocol !== protocol
        ? `have the proxy send the browser's protocol as X-Forwarded-Proto, instead of "${excerpt(forwarded.protocol)}"`
        : `add ${named(origin.replace(/^https?:\/\//, ""))} to api.hosts (NVR_API_HOSTS)`;
    const asked = named(forwarded.host ?? request.headers.host);
    return new Problem(
      "cross-site",
      403,
      `Another web site may not ${action} here, and the page of ${named(origin)} looks like one, since ${asked} was asked for. ` +
        `If it is Hindsight's own page behind a proxy, ${todo}; docs/proxy.md tells more.`,
    );
  }

  #isOurs(origin: string, host: string | undefined, forwarded: ForwardedRequest): boolean {
    const [, protocol = "", authority = ""] = /^(https?):\/\/(.*)$/.exec(origin) ?? [];
    const page = parseHost(authority);
    if (page === undefined || (forwarded.protocol !== undefined && forwarded.protocol !== protocol)) return false;
    const standard = protocol === "https" ? 443 : 80;
    const ours = [...this.#config.current.api.hosts, host ?? "", forwarded.host ?? ""];
    return ours.some((text) => {
      const our = parseHost(text);
      return our?.name === page.name && (our.port ?? standard) === (page.port ?? standard);
    });
  }
}

function anotherSite(action: Action): Problem {
  return new Problem("cross-site", 403, `Another web site may not ${action} here.`);
}

function named(text: string | undefined): string {
  return text === undefined ? "an unknown origin" : `"${excerpt(text)}"`;
}
