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

/** The camera answered and refused: it will refuse again until somebody changes something. */
export class CameraRefusedError extends CameraError {
  override name = "CameraRefusedError";
}

/** The camera could not be reached, closed the connection or became silent: a retry may help. */
export class CameraAwayError extends CameraError {
  override name = "CameraAwayError";
}

/** A fault of the recorder itself. The error is kept as the cause, for the log only. */
export class RecorderFaultError extends CameraAwayError {
  /** @param message the text that may be shown */
  constructor(message: string, cause: unknown) {
    super(`a fault of the recorder: ${message}`, "please report it", { cause });
  }
}

/** Converts whatever was thrown: an error that is not the camera's is reported as our own, and retried like others. */
export function asCameraError(error: unknown, quote: Quote): CameraError {
  if (error instanceof CameraError) return error;
  return new RecorderFaultError(quote(error instanceof Error ? error.message : String(error)), error);
}
