import { CameraAwayError } from "../errors/camera-error.ts";

/** No connection within `waitedMs`; `tried` are the addresses that its name resolved to, none while that goes on. */
export function notReached(waitedMs: number, tried: readonly string[]): CameraAwayError {
  const seconds = Math.round(waitedMs / 1000);
  if (tried.length === 0) {
    return new CameraAwayError(
      `its name was not looked up within ${seconds} s`,
      "check the network and the name server, or give its address in its url",
    );
  }
  return new CameraAwayError(
    `no connection within ${seconds} s (tried ${tried.join(", ")})`,
    "check that the camera is on and in this network, and that these are its addresses",
  );
}

/** The camera plays over UDP, but none of its packets came for `silentMs`. */
export function noUdpPackets(silentMs: number): CameraAwayError {
  return new CameraAwayError(
    `no UDP packets came within ${Math.round(silentMs / 1000)} s`,
    "a firewall or NAT in between seems to drop them: let them through, or set transport to tcp",
  );
}

/** Nothing came from the camera for `silentMs`: no video, no RTCP report and no answer. */
export function nothingHeard(silentMs: number): CameraAwayError {
  const seconds = Math.round(silentMs / 1000);
  return new CameraAwayError(`nothing was heard for ${seconds} s`, `check that the camera is on and its network works`);
}

/** A running stream has stopped. @param isAnswering whether the camera still shows signs of life */
export function stalled(silentMs: number, isAnswering: boolean): CameraAwayError {
  const seconds = Math.round(silentMs / 1000);
  const rare = "if it sends frames more rarely than that by its settings (dynamic frame rate), raise its stallTimeout";
  return isAnswering
    ? new CameraAwayError(`it answers, but sent no video for ${seconds} s`, `restart the camera; ${rare}`)
    : new CameraAwayError(nothingHeard(silentMs).message, `${nothingHeard(silentMs).advice}; ${rare}`);
}

/** @param hasRecoveryPoints whether the stream announced points other than IDR pictures at which decoding may begin */
export function noKeyframe(timeoutMs: number, hasRecoveryPoints: boolean): CameraAwayError {
  return new CameraAwayError(
    `no keyframe for ${Math.round(timeoutMs / 1000)} s`,
    hasRecoveryPoints
      ? "it refreshes its picture without IDR frames: turn off intra refresh, open GOP and smart codecs in the camera"
      : "set a keyframe (I-frame, IDR) interval of a few seconds in the camera, and no intra refresh; if that cannot be, raise its keyframeTimeout",
  );
}
