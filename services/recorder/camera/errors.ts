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
