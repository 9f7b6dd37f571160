/** A parsed RTSP URL (RFC 2326 §3.2), with its path and query exactly as the user wrote them. */
export interface RtspUrl {
  secure: boolean;
  /** A name or an address; an IPv6 address without brackets, and with its zone (`fe80::1%eth0`) when it has one. */
  host: string;
  port: number;
  /** The URL for requests: without user and password, and without the zone of a link-local address. */
  request: string;
  user?: string;
  password?: string;
}

const DEFAULT_PORT = 554;
const DEFAULT_SECURE_PORT = 322;
const AUTHORITY = /^(\[[0-9A-Fa-f:.]+(?:%[^\]\s]+)?\]|[^:/?#@\s[\]]+)(?::(\d{1,5}))?$/;

/**
 * Parses an RTSP URL. Cameras are strict about the requested URL, so nothing of it is rewritten; and passwords may
 * contain any character, so user and password end at the last `@` before the host. Throws TypeError, without quoting
 * the URL, when it is not an RTSP URL.
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
    // A zone names a network interface of this machine, which means nothing to the camera (RFC 6874 §4).
    request: `${scheme}://${zone === undefined ? rest : rest.replace(/%[^\]]*/, "")}`,
    ...credentials(userInfo),
  };
}

/**
 * The last `@` before the first `/` or `?` ends user and password. When there is none, and the text before the slash
 * cannot be a host, the slash belongs to the password, which ends at the last `@` of all. A password with both `@` and
 * `/`, or with digits before its slash, cannot be distinguished from a path with an `@`: it must be percent-encoded.
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

/** Percent-decodes a text; one with an invalid `%` is returned unchanged. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * The base of the URLs in a description: `given` is its Content-Base or Content-Location. Some servers send only a path
 * on the requested host (gortsplib's list of quirks), omit the scheme (SV3C: moonfire-nvr #356; Android's RTSP servers:
 * mediamtx #825, #6167) or write it twice (go2rtc #208).
 */
export function resolveBase(request: string, given: string | undefined): string {
  const text = (given ?? "").trim().replace(/^(rtsps?:\/\/)+(?=rtsps?:\/\/)/i, "");
  if (text === "") return request;
  if (/^rtsps?:\/\//i.test(text)) return withoutUser(text);
  const [origin = "", scheme = ""] = /^([a-z]+:\/\/)[^/?]*/i.exec(request) ?? [];
  if (text.startsWith("/")) return origin + text;
  return /^[^/?@\s]+:\d{1,5}(?:[/?]|$)/.test(text) || /^[\d.]{7,15}\//.test(text) ? scheme + text : request;
}

/** Removes user and password: no request has a password in its URL, not even one that the camera sent. */
function withoutUser(url: string): string {
  return url.replace(/^([a-z]+:\/\/)[^/?@]*@/i, "$1");
}

/**
 * The URL of a track or of the whole presentation, from an SDP `a=control` (RFC 2326 §C.1.1). Relative values are
 * appended to the base with a slash, even after a query string, as live555 and ffmpeg do, with which cameras are
 * tested. A value that is only a query, or begins with a slash, gets no further slash.
 */
export function resolveControl(base: string, control: string | undefined): string {
  if (control === undefined || control === "" || control === "*") return base;
  if (/^rtsps?:\/\//i.test(control)) return withoutUser(control);
  return base.endsWith("/") || /^[/?]/.test(control) ? base + control : `${base}/${control}`;
}
