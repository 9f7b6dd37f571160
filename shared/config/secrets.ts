import type { Config } from "./config.ts";

/** Shorter secrets are not masked: they would mask half of every log line. */
const MIN_SECRET_LENGTH = 4;
const MIN_SECRET_PATH_LENGTH = 12;
const SECRET_PARAMETER =
  /(?<![a-z])(?:pass|passwd|password|pwd|pw|psw|token|secret|auth|apikey|api_key)=([^&;/#]+?)(?=_[a-z]+=|[&;/#]|$)/gi;

/** Returns a function that returns the secrets of the configuration in force. */
export function secretsIn(config: { readonly current: Config }): () => ReadonlySet<string> {
  let seen: Config | undefined;
  let secrets: ReadonlySet<string> = new Set();
  return () => {
    if (config.current !== seen) {
      seen = config.current;
      secrets = configSecrets(seen);
    }
    return secrets;
  };
}

/** Every spelling of every secret in a configuration: these must never appear in a log, an answer or a job. */
export function configSecrets(config: Config): Set<string> {
  const secrets = new Set<string>();
  const found = [config.redis.url, ...Array.from(config.cameras.values(), (camera) => camera.url)].flatMap(urlSecrets);
  if (config.health.webhookUrl !== undefined) found.push(...webhookSecrets(config.health.webhookUrl));
  for (const secret of found) if (secret.length >= MIN_SECRET_LENGTH) secrets.add(secret);
  return secrets;
}

/** Secrets of a webhook URL. Whoever knows the path may post to it; a short path is only a location and no secret. */
function webhookSecrets(url: string): string[] {
  const { pathname, search } = new URL(url);
  const longOnes = [pathname + search, pathname, search].filter((part) => part.length >= MIN_SECRET_PATH_LENGTH);
  return [...longOnes, ...urlSecrets(url)];
}

/**
 * The passwords in a URL, alone and with their user as in Basic credentials (RFC 7617), and those that some cameras
 * expect as `password=…` in path or query; as written, percent-decoded and -encoded, and in base64.
 */
export function urlSecrets(url: string): string[] {
  const secrets: string[] = [];
  const userInfo = /^[a-z][a-z0-9+.-]*:\/\/(.*)@/is.exec(url)?.[1];
  // Both the password and the path may hold an @: then both readings are secret.
  for (const reading of userInfo === undefined ? [] : readings(userInfo)) {
    const colon = reading.indexOf(":");
    if (colon === -1) continue;
    const user = reading.slice(0, colon);
    const password = reading.slice(colon + 1);
    const decoded = decode(password);
    secrets.push(...spellings(password), ...spellings(decoded));
    // A short password is a secret only together with its user, as in answers and in Basic credentials.
    if (password !== "") secrets.push(...spellings(`${user}:${password}`), ...spellings(`${decode(user)}:${decoded}`));
  }
  for (const match of url.matchAll(SECRET_PARAMETER)) {
    const value = match[1] as string;
    secrets.push(...spellings(value), ...spellings(decode(value)));
  }
  return secrets;
}

/** A text as it is, percent-encoded with hex digits of either case, and in both alphabets of base64 (RFC 4648). */
function spellings(text: string): string[] {
  const bytes = Buffer.from(text);
  const encoded = encodeURIComponent(bytes.toString()); // a lone surrogate cannot be encoded: Buffer replaced it
  const lower = encoded.replace(/%[0-9A-F]{2}/g, (octet) => octet.toLowerCase());
  // Without the padding: this masks both the padded and the unpadded form.
  return [text, encoded, lower, bytes.toString("base64").replace(/=+$/, ""), bytes.toString("base64url")];
}

function readings(userInfo: string): string[] {
  const slash = userInfo.search(/[/?]/);
  const inAuthority = slash === -1 ? -1 : userInfo.lastIndexOf("@", slash);
  return inAuthority === -1 ? [userInfo] : [userInfo, userInfo.slice(0, inAuthority)];
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
