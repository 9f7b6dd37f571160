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
