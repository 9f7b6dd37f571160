import { createHash, randomBytes } from "node:crypto";
import type { RtspRequest } from "./rtsp-message.ts";

export type AuthScheme = "basic" | "digest-md5" | "digest-sha256";

export interface AuthOptions {
  user: string;
  password: string;
  /** Offered in this order, each in its own WWW-Authenticate header. */
  schemes: AuthScheme[];
  /** Whether Digest is offered with qop="auth" (RFC 2617) or without (RFC 2069). */
  qop: boolean;
  /** Number of requests after which a nonce is refused as stale. */
  staleAfterRequests?: number;
}

const REALM = "Hindsight camera simulator";

/** Checks the requests of one connection (RFC 2617, RFC 7616). */
export class Authenticator {
  private readonly options: AuthOptions;
  private nonce = newNonce();
  private oldNonce = "";
  private uses = 0;

  constructor(options: AuthOptions) {
    this.options = options;
  }

  /** Undefined when the request is allowed; otherwise the WWW-Authenticate headers of the 401 answer. */
  check(request: RtspRequest): [string, string][] | undefined {
    const header = request.headers.get("authorization") ?? "";
    const [scheme = ""] = header.split(" ", 1);
    const credentials = header.slice(scheme.length).trim();
    let stale = false;
    if (scheme.toLowerCase() === "basic" && this.options.schemes.includes("basic")) {
      const expected = Buffer.from(`${this.options.user}:${this.options.password}`).toString("base64");
      if (credentials === expected) return undefined;
    } else if (scheme.toLowerCase() === "digest") {
      const verdict = this.checkDigest(request.method, parseParameters(credentials));
      if (verdict === "right") return undefined;
      stale = verdict === "stale";
    }
    return this.challenges(stale);
  }

  private checkDigest(method: string, given: Map<string, string>): "right" | "wrong" | "stale" {
    const { user, password, schemes, qop, staleAfterRequests } = this.options;
    const algorithm = (given.get("algorithm") ?? "MD5").toUpperCase();
    const scheme: AuthScheme = algorithm === "SHA-256" ? "digest-sha256" : "digest-md5";
    if (!schemes.includes(scheme)) return "wrong";
    const hash = (text: string): string =>
      createHash(scheme === "digest-sha256" ? "sha256" : "md5")
        .update(text)
        .digest("hex");
    const nonce = given.get("nonce") ?? "";
    const ha1 = hash(`${user}:${REALM}:${password}`);
    const ha2 = hash(`${method}:${given.get("uri") ?? ""}`);
    const middle = qop && given.has("qop") ? `${given.get("nc")}:${given.get("cnonce")}:${given.get("qop")}:` : "";
    if (given.get("username") !== user) return "wrong";
    if (given.get("response") !== hash(`${ha1}:${nonce}:${middle}${ha2}`)) return "wrong";
    if (nonce === this.oldNonce) return "stale";
    if (nonce !== this.nonce) return "wrong";
    if (staleAfterRequests !== undefined && this.uses >= staleAfterRequests) {
      this.oldNonce = this.nonce;
      this.nonce = newNonce();
      this.uses = 0;
      return "stale";
    }
    this.uses++;
    return "right";
  }

  /** The WWW-Authenticate headers of a 401 answer. */
  challenges(stale: boolean): [string, string][] {
    return this.options.schemes.map((scheme) => {
      if (scheme === "basic") return ["WWW-Authenticate", `Basic realm="${REALM}"`];
      const parts = [`realm="${REALM}"`, `nonce="${this.nonce}"`];
      if (scheme === "digest-sha256") parts.push("algorithm=SHA-256");
      if (this.options.qop) parts.push('qop="auth"');
      if (stale) parts.push("stale=true");
      return ["WWW-Authenticate", `Digest ${parts.join(", ")}`];
    });
  }
}

function newNonce(): string {
  return randomBytes(16).toString("hex");
}

function parseParameters(text: string): Map<string, string> {
  const parameters = new Map<string, string>();
  for (const match of text.matchAll(/([a-z0-9-]+)\s*=\s*(?:"([^"]*)"|([^,\s]+))/gi)) {
    parameters.set((match[1] ?? "").toLowerCase(), match[2] ?? match[3] ?? "");
  }
  return parameters;
}
