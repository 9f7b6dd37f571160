import { createHash, randomBytes } from "node:crypto";

/** A challenge of a WWW-Authenticate field (RFC 7235 §4.1). */
interface Challenge {
  /** In lower case; one that we cannot answer is kept, too, for its parameters are nobody else's. */
  scheme: string;
  parameters: Map<string, string>;
}

const HASHES: Record<string, string> = { MD5: "md5", "SHA-256": "sha256" };

/**
 * Answers the challenges of a server: Digest (RFC 7616, and RFC 2069 where a camera sends no qop) before Basic
 * (RFC 7617), SHA-256 before MD5.
 */
export class Authenticator {
  readonly #user: string;
  readonly #password: string;
  #challenge: Challenge | undefined;
  #nonceCount = 0;

  constructor(user: string, password: string) {
    this.#user = user;
    this.#password = password;
  }

  /** Whether the server has asked for user and password, so that requests carry them. */
  get isChallenged(): boolean {
    return this.#challenge !== undefined;
  }

  /**
   * Takes the WWW-Authenticate fields of a 401. Returns false when none of them can be answered, or only as before: cameras
   * lock out whoever repeats a wrong password.
   */
  challenge(fields: string[]): boolean {
    const before = this.#challenge;
    const challenges = fields.flatMap(parseChallenges).filter(isAnswerable);
    this.#challenge = challenges.sort((a, b) => strength(b) - strength(a))[0];
    this.#nonceCount = 0;
    return this.#challenge !== undefined && !(before !== undefined && isRepeated(before, this.#challenge));
  }

  /** The Authorization field for a request, or undefined as long as the server has not asked for one. */
  authorize(method: string, url: string): string | undefined {
    if (this.#challenge === undefined) return undefined;
    if (this.#challenge.scheme === "basic") {
      return `Basic ${Buffer.from(`${this.#user}:${this.#password}`).toString("base64")}`;
    }
    return this.#digest(this.#challenge.parameters, method, url);
  }

  #digest(parameters: Map<string, string>, method: string, url: string): string {
    const algorithm = (parameters.get("algorithm") ?? "MD5").toUpperCase();
    const base = algorithm.replace(/-SESS$/, "");
    const hash = (text: string) =>
      createHash(HASHES[base] ?? "md5")
        .update(text)
        .digest("hex");
    const realm = parameters.get("realm") ?? "";
    const nonce = parameters.get("nonce") ?? "";
    const clientNonce = randomBytes(8).toString("hex");
    const count = (++this.#nonceCount).toString(16).padStart(8, "0");
    let secret = hash(`${this.#user}:${realm}:${this.#password}`);
    if (base !== algorithm) secret = hash(`${secret}:${nonce}:${clientNonce}`);
    const action = hash(`${method}:${url}`);
    const hasQop = offersAuth(parameters);
    const response = hasQop
      ? hash(`${secret}:${nonce}:${count}:${clientNonce}:auth:${action}`)
      : hash(`${secret}:${nonce}:${action}`);
    const fields = [
      `username="${escapeQuoted(this.#user)}"`,
      `realm="${escapeQuoted(realm)}"`,
      `nonce="${escapeQuoted(nonce)}"`,
      `uri="${url}"`,
      `response="${response}"`,
    ];
    const opaque = parameters.get("opaque");
    if (opaque !== undefined) fields.push(`opaque="${escapeQuoted(opaque)}"`);
    if (parameters.has("algorithm")) fields.push(`algorithm=${parameters.get("algorithm")}`);
    if (hasQop) fields.push("qop=auth", `nc=${count}`);
    if (hasQop || base !== algorithm) fields.push(`cnonce="${clientNonce}"`);
    return `Digest ${fields.join(", ")}`;
  }
}

function isAnswerable(challenge: Challenge): boolean {
  if (challenge.scheme !== "digest") return challenge.scheme === "basic";
  const algorithm = (challenge.parameters.get("algorithm") ?? "MD5").toUpperCase().replace(/-SESS$/, "");
  const qop = challenge.parameters.get("qop");
  return (
    algorithm in HASHES && challenge.parameters.has("nonce") && (qop === undefined || offersAuth(challenge.parameters))
  );
}

function offersAuth(parameters: Map<string, string>): boolean {
  return (parameters.get("qop") ?? "").split(",").some((value) => value.trim().toLowerCase() === "auth");
}

function isRepeated(before: Challenge, now: Challenge): boolean {
  const isStale = now.parameters.get("stale")?.toLowerCase() === "true";
  return !isStale && now.scheme === before.scheme && now.parameters.get("nonce") === before.parameters.get("nonce");
}

function strength(challenge: Challenge): number {
  if (challenge.scheme === "basic") return 0;
  return (challenge.parameters.get("algorithm") ?? "MD5").toUpperCase().startsWith("SHA-256") ? 2 : 1;
}

/** The challenges of one field; a field may hold several, parted by commas like their parameters. */
function parseChallenges(field: string): Challenge[] {
  const challenges: Challenge[] = [];
  // Looked for where a word begins only: a word of 8 kB would else be read anew from each of its letters.
  const token =
    /(?<![A-Za-z0-9_-])(?:([A-Za-z0-9_-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))|([A-Za-z][A-Za-z0-9_-]*)(?=\s|,|$))/g;
  for (const match of field.matchAll(token)) {
    const [, name, quoted, plain, scheme] = match;
    if (scheme !== undefined) {
      challenges.push({ scheme: scheme.toLowerCase(), parameters: new Map() });
    } else if (name !== undefined) {
      const value = quoted === undefined ? (plain as string) : quoted.replace(/\\(.)/g, "$1");
      challenges.at(-1)?.parameters.set(name.toLowerCase(), value);
    }
  }
  return challenges;
}

function escapeQuoted(text: string): string {
  return text.replace(/["\\]/g, "\\$&");
}
