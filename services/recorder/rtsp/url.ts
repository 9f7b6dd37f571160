/** An RTSP URL taken apart (RFC 2326 §3.2), with its path and query exactly as the user wrote them. */
export interface RtspUrl {
  secure: boolean;
  /** A name or an address; an IPv6 address without brackets, and with its zone (`fe80::1%eth0`) when it has one. */
  host: string;
  port: number;
  /** The URL to ask for: without user and password, and without the zone of a link-local address. */
  request: string;
  user?: string;
  password?: string;
}

const DEFAULT_PORT = 554;
const DEFAULT_SECURE_PORT = 322;
const AUTHORITY = /^(\[[0-9A-Fa-f:.]+(?:%[^\]\s]+)?\]|[^:/?#@\s[\]]+)(?::(\d{1,5}))?$/;

/**
 * Takes an RTSP URL apart. Cameras are strict about the URL that they are asked for, so nothing of it is rewritten;
 * and passwords hold every character there is, so user and password end at the last `@` before the host.
 * Throws TypeError, never quoting the URL, when it is none.
 */
export function parseRtspUrl(text: string): RtspUrl {
  const match = /^(rtsps?):\/\/(.*)$/i.exec(text);
  if (match === null) throw new TypeError("not an rtsp:// or rtsps:// URL");
  const scheme = (match[1] as string).toLowerCase();
  const { userInfo, rest } = splitUserInfo(match[2] as string);
  const hostEnd = rest.search(/[/?]/);
  const authority = hostEnd === -1 ? rest : rest.slice(0, hostEnd);
  const host = AUTHORITY.exec(authority);
  if (host === null) throw new TypeError("an RTSP URL without a valid host");
  const secure = scheme === "rtsps";
  const port = host[2] === undefined ? (secure ? DEFAULT_SECURE_PORT : DEFAULT_PORT) : Number(host[2]);
  if (port < 1 || port > 65_535) throw new TypeError("an RTSP URL with a port that is not between 1 and 65535");
  const [, bracketed = host[1] as string, zone] = /^\[([^%]*)(?:%(?:25)?(.*))?\]$/.exec(host[1] as string) ?? [];
  return {
    secure,
    host: zone === undefined ? bracketed : `${bracketed}%${decode(zone)}`,
    port,
    // Which of this machine's networks a zone names means nothing to the camera (RFC 6874 §4).
    request: `${scheme}://${zone === undefined ? rest : rest.replace(/%[^\]]*/, "")}`,
    ...credentials(userInfo),
  };
}

/**
 * The last `@` before the first `/` or `?` ends user and password. When there is none, and what stands there cannot be
 * a host, the password holds the slash, and the last `@` of all ends it. A password with both, or with digits before
 * its slash, cannot be told from a path with an `@`: it must be percent-encoded.
 */
function splitUserInfo(text: string): { userInfo?: string; rest: string } {
  const firstSlash = text.search(/[/?]/);
  const authorityEnd = firstSlash === -1 ? text.length : firstSlash;
  const inAuthority = text.lastIndexOf("@", authorityEnd);
  if (inAuthority !== -1) return { userInfo: text.slice(0, inAuthority), rest: text.slice(inAuthority + 1) };
  if (AUTHORITY.test(text.slice(0, authorityEnd))) return { rest: text };
  const anywhere = text.lastIndexOf("@");
  return anywhere === -1 ? { rest: text } : { userInfo: text.slice(0, anywhere), rest: text.slice(anywhere + 1) };
}

function credentials(userInfo: string | undefined): { user?: string; password?: string } {
  if (userInfo === undefined) return {};
  const colon = userInfo.indexOf(":");
  if (colon === -1) return { user: decode(userInfo), password: "" };
  return { user: decode(userInfo.slice(0, colon)), password: decode(userInfo.slice(colon + 1)) };
}

/** Percent-decodes; a text with a stray `%` is taken as it stands. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * The base of the URLs in a description: `given` is its Content-Base or Content-Location. Some servers send a mere path
 * on the host that was asked (gortsplib's list of quirks), leave the scheme out (SV3C: moonfire-nvr #356; Android's
 * RTSP servers: mediamtx #825, #6167) or write it twice (go2rtc #208).
 */
export function resolveBase(request: string, given: string | undefined): string {
  const text = (given ?? "").trim().replace(/^(rtsps?:\/\/)+(?=rtsps?:\/\/)/i, "");
  if (text === "") return request;
  if (/^rtsps?:\/\//i.test(text)) return withoutUser(text);
  const [origin = "", scheme = ""] = /^([a-z]+:\/\/)[^/?]*/i.exec(request) ?? [];
  if (text.startsWith("/")) return origin + text;
  return /^[^/?@\s]+:\d{1,5}(?:[/?]|$)/.test(text) || /^[\d.]{7,15}\//.test(text) ? scheme + text : request;
}

/** No request carries a password in its URL, not even one that a camera wrote there. */
function withoutUser(url: string): string {
  return url.replace(/^([a-z]+:\/\/)[^/?@]*@/i, "$1");
}

/**
 * The URL of a track or of the whole presentation, from an SDP `a=control` (RFC 2326 §C.1.1). Relative values are put
 * behind the base with a slash, query string or not, as live555 and ffmpeg do: that is what cameras are tested with.
 * One that is only a query, or begins with a slash, needs none.
 */
export function resolveControl(base: string, control: string | undefined): string {
  if (control === undefined || control === "" || control === "*") return base;
  if (/^rtsps?:\/\//i.test(control)) return withoutUser(control);
  return base.endsWith("/") || /^[/?]/.test(control) ? base + control : `${base}/${control}`;
}
