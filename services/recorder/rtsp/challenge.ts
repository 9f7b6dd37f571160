import { createHash, randomBytes } from "node:crypto";

/** A challenge of a WWW-Authenticate field (RFC 7235 §4.1). */
export interface Challenge {
  /** In lower case. Unknown schemes are kept, too, so that their parameters are not assigned to another challenge. */
  scheme: string;
  parameters: Map<string, string>;
}

const HASHES: Record<string, string> = { MD5: "md5", "SHA-256": "sha256" };

/** The challenges of one field; a field may hold several, separated by commas like their parameters. */
export function parseChallenges(field: string): Challenge[] {
  const challenges: Challenge[] = [];
  // Matches only at the beginning of a word: otherwise a word of 8 kB would be scanned again from each of its letters.
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

/** Whether a challenge is Digest (RFC 7616, RFC 2069) or Basic (RFC 7617) and has all that an answer needs. */
export function isAnswerable(challenge: Challenge): boolean {
  if (challenge.scheme !== "digest") return challenge.scheme === "basic";
  const qop = challenge.parameters.get("qop");
  return (
    hashOf(algorithmOf(challenge)) in HASHES &&
    challenge.parameters.has("nonce") &&
    (qop === undefined || offersAuth(challenge.parameters))
  );
}

/** The algorithm of a challenge in upper case: BASIC, MD5, SHA-256, MD5-SESS … */
export function algorithmOf(challenge: Challenge): string {
  if (challenge.scheme === "basic") return "BASIC";
  return (challenge.parameters.get("algorithm") ?? "MD5").toUpperCase();
}

/** Increases with the security of the answer: Basic, MD5, SHA-256. */
export function strength(challenge: Challenge): number {
  if (challenge.scheme === "basic") return 0;
  return hashOf(algorithmOf(challenge)) === "SHA-256" ? 2 : 1;
}

/** The Authorization field that answers a Basic challenge (RFC 7617). */
export function basicAnswer(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
}

/**
 * The Authorization field that answers a Digest challenge (RFC 7616, and RFC 2069 where a camera sends no qop).
 * @param count how often the challenge's nonce has been used, this time included
 */
export function digestAnswer(
  { user, password }: { user: string; password: string },
  challenge: Challenge,
  request: { method: string; url: string },
  count: number,
): string {
  const { parameters } = challenge;
  const algorithm = algorithmOf(challenge);
  const base = hashOf(algorithm);
  const hash = (text: string) =>
    createHash(HASHES[base] ?? "md5")
      .update(text)
      .digest("hex");
  const realm = parameters.get("realm") ?? "";
  const nonce = parameters.get("nonce") ?? "";
  const clientNonce = randomBytes(8).toString("hex");
  const nonceCount = count.toString(16).padStart(8, "0");
  let secret = hash(`${user}:${realm}:${password}`);
  if (base !== algorithm) secret = hash(`${secret}:${nonce}:${clientNonce}`);
  const action = hash(`${request.method}:${request.url}`);
  const hasQop = offersAuth(parameters);
  const response = hasQop
    ? hash(`${secret}:${nonce}:${nonceCount}:${clientNonce}:auth:${action}`)
    : hash(`${secret}:${nonce}:${action}`);
  const fields = [
    `username="${escapeQuoted(user)}"`,
    `realm="${escapeQuoted(realm)}"`,
    `nonce="${escapeQuoted(nonce)}"`,
    `uri="${request.url}"`,
    `response="${response}"`,
  ];
  const opaque = parameters.get("opaque");
  if (opaque !== undefined) fields.push(`opaque="${escapeQuoted(opaque)}"`);
  if (parameters.has("algorithm")) fields.push(`algorithm=${parameters.get("algorithm")}`);
  if (hasQop) fields.push("qop=auth", `nc=${nonceCount}`);
  if (hasQop || base !== algorithm) fields.push(`cnonce="${clientNonce}"`);
  return `Digest ${fields.join(", ")}`;
}

function hashOf(algorithm: string): string {
  return algorithm.replace(/-SESS$/, "");
}

function offersAuth(parameters: Map<string, string>): boolean {
  return (parameters.get("qop") ?? "").split(",").some((value) => value.trim().toLowerCase() === "auth");
}

function escapeQuoted(text: string): string {
  return text.replace(/["\\]/g, "\\$&");
}
