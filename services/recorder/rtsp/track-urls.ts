import { RtspRefusal } from "./errors.ts";
import { resolveBase, resolveControl } from "./url.ts";

/** What a DESCRIBE answer and its session description say about URLs. */
export interface DescribedUrls {
  /** The requested URL, without user and password. */
  request: string;
  /** Content-Base, or Content-Location where that is missing. */
  contentBase: string | undefined;
  /** `a=control` of the whole presentation and of the track. */
  presentationControl: string | undefined;
  control: string | undefined;
}

/** Statuses with which cameras refuse a URL that is not formed as they expect, 460 and 459 included (RFC 2326 §11). */
const WRONG_URL = new Set([400, 404, 451, 459, 460]);

const ABSOLUTE = /^rtsps?:\/\//i;

/**
 * The URLs to try for SETUP, best first: that of RFC 2326 §C.1.1 as live555 and ffmpeg build it, then others that a
 * camera may expect. Nearly all cameras accept the first; each of the others needs a different form.
 */
export function setupUrls(urls: DescribedUrls): string[] {
  const { control, request } = urls;
  if (control !== undefined && ABSOLUTE.test(control)) return [resolveControl(request, control)];
  const bases = trackBases(urls);
  return unique([
    ...bases.map((base) => resolveControl(base, control)),
    ...bases.map((base) => withQueryLast(base, control)),
    ...bases.map((base) => joinByRfc3986(base, control)),
    ...(control === undefined || control === "*" ? bases.map(otherSlash) : []),
  ]);
}

/**
 * The URLs to try for PLAY, best first. The last is that of the track: a camera with one track may know no other.
 * @param track the URL that was accepted for SETUP
 */
export function playUrls(urls: DescribedUrls, track: string): string[] {
  const base = resolveBase(urls.request, urls.contentBase);
  const first = resolveControl(base, urls.presentationControl);
  return unique([first, otherSlash(first), base, urls.request, otherSlash(urls.request), track]);
}

/**
 * Tries one URL after the other until the camera accepts one, which is returned. Throws the first refusal when it
 * accepts none.
 * @param known the URL that the camera accepted last; tried first, if it is among them
 */
export async function firstRightUrl(
  urls: string[],
  known: string | undefined,
  ask: (url: string) => Promise<unknown>,
): Promise<string> {
  let refusal: RtspRefusal | undefined;
  for (const url of urls.toSorted((a, b) => Number(b === known) - Number(a === known))) {
    try {
      await ask(url);
      return url;
    } catch (error) {
      if (!(error instanceof RtspRefusal)) throw error;
      refusal ??= error;
      if (!WRONG_URL.has(error.status)) break;
    }
  }
  throw refusal;
}

/**
 * The bases of relative controls. An absolute `a=control` of the presentation comes before Content-Base, as with
 * live555 and ffmpeg; the requested URL comes last (cameras behind port forwarding may announce a URL that they do not
 * accept).
 */
function trackBases({ request, contentBase, presentationControl }: DescribedUrls): string[] {
  const base = resolveBase(request, contentBase);
  const isAbsolute = presentationControl !== undefined && ABSOLUTE.test(presentationControl);
  return unique([...(isAbsolute ? [resolveControl(base, presentationControl)] : []), base, request]);
}

/** `rtsp://h/a?b` and `track` as `rtsp://h/a/track?b`. */
function withQueryLast(base: string, control: string | undefined): string {
  const query = base.indexOf("?");
  if (query === -1 || control === undefined || control === "*") return resolveControl(base, control);
  return resolveControl(base.slice(0, query), control) + base.slice(query).replace(/\/$/, "");
}

/** Replaces what follows the base's last slash (RFC 3986 §5.2), as the RFC requires and few cameras do. */
function joinByRfc3986(base: string, control: string | undefined): string {
  if (control === undefined || control === "*") return base;
  const [, origin = "", path = ""] = /^([a-z]+:\/\/[^/?]*)([^?]*)/i.exec(base) ?? [];
  if (control.startsWith("/")) return origin + control;
  if (control.startsWith("?")) return origin + path + control;
  return `${origin}${path.slice(0, path.lastIndexOf("/") + 1) || "/"}${control}`;
}

function otherSlash(url: string): string {
  return url.endsWith("/") ? url.slice(0, -1) : `${url}/`;
}

function unique(urls: string[]): string[] {
  return [...new Set(urls)];
}
