import type { Quote } from "./quote.ts";

/** A camera that cannot be recorded now, with what the operator can do about it. Never holds a secret. */
export class CameraError extends Error {
  override name = "CameraError";
  readonly advice: string;

  constructor(message: string, advice: string, options?: ErrorOptions) {
    super(message, options);
    this.advice = advice;
  }
}

/** The camera answered, and said no: it will go on saying no until somebody changes something. */
export class CameraRefusedError extends CameraError {
  override name = "CameraRefusedError";
}

/** The camera could not be reached, hung up or fell silent: trying again may help. */
export class CameraAwayError extends CameraError {
  override name = "CameraAwayError";
}

/** The fault is our own. The error itself is kept as the cause, for the log alone. */
export class RecorderFaultError extends CameraAwayError {
  /** @param message what of the fault may be shown */
  constructor(message: string, cause: unknown) {
    super(`a fault of the recorder: ${message}`, "please report it", { cause });
  }
}

/** Whatever was thrown: what is no fault of the camera's is told as our own, and tried again like any other. */
export function asCameraError(error: unknown, quote: Quote): CameraError {
  if (error instanceof CameraError) return error;
  return new RecorderFaultError(quote(error instanceof Error ? error.message : String(error)), error);
}

/** No connection came about within so long; `tried` are the addresses that its name led to, none while it is looked up. */
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

/** The camera plays over UDP, and nothing of it came for so long. */
export function noUdpPackets(silentMs: number): CameraAwayError {
  return new CameraAwayError(
    `no UDP packets came within ${Math.round(silentMs / 1000)} s`,
    "a firewall or NAT in between seems to drop them: let them through, or set transport to tcp",
  );
}

/** Nothing came from the camera for so long: no video, no RTCP report and no answer. */
export function nothingHeard(silentMs: number): CameraAwayError {
  const seconds = Math.round(silentMs / 1000);
  return new CameraAwayError(`nothing was heard for ${seconds} s`, `check that the camera is on and its network works`);
}

/** An existing stream has stopped. @param isAnswering whether the camera still gives signs of life */
export function stalled(silentMs: number, isAnswering: boolean): CameraAwayError {
  const seconds = Math.round(silentMs / 1000);
  const rare = "if it sends frames more rarely than that by its settings (dynamic frame rate), raise its stallTimeout";
  return isAnswering
    ? new CameraAwayError(`it answers, but sent no video for ${seconds} s`, `restart the camera; ${rare}`)
    : new CameraAwayError(nothingHeard(silentMs).message, `${nothingHeard(silentMs).advice}; ${rare}`);
}

/** @param hasRecoveryPoints whether it told where decoding may begin without an IDR picture */
export function noKeyframe(timeoutMs: number, hasRecoveryPoints: boolean): CameraAwayError {
  return new CameraAwayError(
    `no keyframe for ${Math.round(timeoutMs / 1000)} s`,
    hasRecoveryPoints
      ? "it refreshes its picture without IDR frames: turn off intra refresh, open GOP and smart codecs in the camera"
      : "set a keyframe (I-frame, IDR) interval of a few seconds in the camera, and no intra refresh; if that cannot be, raise its keyframeTimeout",
  );
}
