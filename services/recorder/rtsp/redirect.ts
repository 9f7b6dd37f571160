import { CameraRefusedError } from "../errors/camera-error.ts";
import { parseRtspUrl, type RtspUrl, resolveBase } from "./url.ts";

/**
 * The URL of a redirect's Location (RFC 2326 §11.2), which may be relative to the requested one. A user and password in
 * it are ignored: they come from the camera, not from the operator. Throws CameraRefusedError when it is not an RTSP
 * URL, or leads out of an encrypted connection.
 */
export function redirectedUrl(url: RtspUrl, location: string): RtspUrl {
  const target = /^[a-z]+:\/\//i.test(location) ? location : resolveBase(url.request, location);
  const { user: _user, password: _password, ...next } = parse(target);
  if (url.secure && !next.secure) {
    throw new CameraRefusedError(
      "the camera redirects from rtsps:// to rtsp://, where others could read what is sent",
      "if that is what you want, give the rtsp:// URL",
    );
  }
  return next;
}

function parse(target: string): RtspUrl {
  try {
    if (/[\s\p{Cc}]/u.test(target)) throw new TypeError("an RTSP URL with blanks or control characters");
    return parseRtspUrl(target);
  } catch (error) {
    throw new CameraRefusedError("the camera redirects to something that is no RTSP URL", "check the camera's url", {
      cause: error,
    });
  }
}
