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
