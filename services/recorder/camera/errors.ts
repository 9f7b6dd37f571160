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
