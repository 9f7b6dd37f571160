import { CameraRefusedError } from "../camera/errors.ts";
import { parseRtspUrl, type RtspUrl, resolveBase } from "./url.ts";

/**
 * Where the Location of a redirect leads (RFC 2326 §11.2), with the user and password that were given for `url`. It may be
 * relative to what was asked for. Throws CameraRefusedError when it leads nowhere, or out of an encrypted connection.
 */
export function redirectedUrl(url: RtspUrl, location: string): RtspUrl {
  const target = /^[a-z]+:\/\//i.test(location) ? location : resolveBase(url.request, location);
  let next: RtspUrl;
  try {
    next = parseRtspUrl(target);
  } catch (error) {
    throw new CameraRefusedError("the camera redirects to something that is no RTSP URL", "check the camera's url", {
      cause: error,
    });
  }
  if (url.secure && !next.secure) {
    throw new CameraRefusedError(
      "the camera redirects from rtsps:// to rtsp://, where others could read the password",
      "if that is what you want, give the rtsp:// URL",
    );
  }
  return url.user === undefined ? next : { ...next, user: url.user, password: url.password ?? "" };
}
