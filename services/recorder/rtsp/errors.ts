import { asCameraError, CameraAwayError, CameraError, CameraRefusedError } from "../errors/camera-error.ts";
import type { Quote } from "../errors/quote.ts";
import { type RtspResponse, RtspSyntaxError } from "./message.ts";

/** The camera answered a request with an error status. */
export class RtspRefusal extends CameraRefusedError {
  readonly status: number;

  constructor(status: number, message: string, advice: string) {
    super(message, advice);
    this.status = status;
  }
}

/** The camera closed the connection without an answer. */
export class HungUpError extends CameraAwayError {
  /** Whether it did so right after a 401: it may accept user and password on a new connection. */
  readonly isChallenge: boolean;

  constructor(message: string, options: ErrorOptions & { isChallenge?: boolean } = {}) {
    super(message, "it is tried again by itself", options);
    this.isChallenge = options.isChallenge ?? false;
  }
}

/** The camera redirects us to another URL, by a response (RFC 2326 §11.2) or a request of its own (§10.10). */
export class RedirectedError extends CameraAwayError {
  /** As the camera sent it: perhaps relative, perhaps malformed. */
  readonly location: string;

  constructor(location: string) {
    super("the camera sends us to another address", "the session is opened again by itself");
    this.location = location;
  }
}

/** The host of a redirect asks for user and password, which it must not receive. */
export class ForeignHostError extends CameraRefusedError {
  /** @param host made safe to show */
  constructor(refusal: RtspRefusal, host: string) {
    super(
      `${refusal.message}, by ${host}, to which the camera redirects`,
      "user and password go to the host in the camera's url alone: name this one in its redirectHosts if it is to have them",
    );
  }
}

/** The request was given up without an answer. */
export class UnansweredError extends CameraAwayError {
  constructor() {
    super("the camera leaves requests unanswered", "update its firmware");
  }
}

/** Converts any error in handling what a camera sent to one that ends only its own connection. */
export function asConnectionError(error: unknown, quote: Quote): CameraError {
  if (error instanceof RtspSyntaxError)
    return new CameraAwayError(error.message, "is this the RTSP port of the camera?");
  return asCameraError(error, quote);
}

/**
 * What an error response to `method` means, and what to do about it. Its reason phrase must already be safe to show.
 */
export function refusal(method: string, response: RtspResponse, isBasicForbidden = false): RtspRefusal {
  const status = `${response.status} ${response.reason}`.trim();
  const advice: Record<number, string> = {
    401: isBasicForbidden
      ? 'the camera takes the password by Basic alone, readable to everybody in between, which its auth "digest" forbids: ' +
        'turn on Digest in the camera, or set auth to "any"'
      : "check the user and password in its url",
    403: "the camera forbids this user the stream; check the user's rights in the camera",
    404: "the camera knows no such path; check the path in its url",
    453: "the camera has no bandwidth left; close other viewers or choose a smaller stream",
    461: "the camera does not speak this transport; set its `transport` to the other of tcp and udp",
    503: "the camera serves no more viewers; close others",
  };
  return new RtspRefusal(
    response.status,
    `${status} to ${method}`,
    advice[response.status] ?? "check its url, and that the camera's RTSP service is on",
  );
}

/** Why a connection ended, in the operator's words. */
export function whyClosed(error: Error | undefined, quote: Quote): CameraError {
  if (error instanceof CameraError) return error;
  if (error === undefined) return new HungUpError("the camera closed the connection");
  const advice: Record<string, string> = {
    ECONNREFUSED: "nothing listens there: check host and port in its url, and that the camera's RTSP service is on",
    ENOTFOUND: "the host name is unknown: check it in its url",
    EAI_AGAIN: "the host name could not be looked up: check the network and the name server",
    EHOSTUNREACH: "no way to this host: check that the camera is on and in this network",
    ENETUNREACH: "no way to this network: check the network of this machine",
    ETIMEDOUT: "the camera does not answer: check that it is on and in this network",
  };
  const code = (error as NodeJS.ErrnoException).code ?? "";
  if (code === "ECONNRESET" || code === "EPIPE") {
    return new HungUpError(`${code.toLowerCase()}${quote(details(error, code))}`, { cause: error });
  }
  if (code === "EPROTO" || code.startsWith("ERR_SSL")) {
    return new CameraAwayError(
      `no TLS connection (${code.toLowerCase()})`,
      "is this the camera's port for rtsps, and does it speak TLS 1.2 or newer?",
      { cause: error },
    );
  }
  return new CameraAwayError(
    code === "" ? quote(error.message) : `${code.toLowerCase()}${quote(details(error, code))}`,
    advice[code] ?? "check the network",
    { cause: error },
  );
}

/**
 * The address in "connect ECONNREFUSED 192.0.2.1:554"; for a host with several addresses all that were tried, each with
 * its error code where that differs.
 */
function details(error: Error, code: string): string {
  const errors: NodeJS.ErrnoException[] = error instanceof AggregateError ? error.errors : [error];
  const addresses = errors.flatMap((one) => {
    const own = one.code ?? code;
    const address = one.message.split(own)[1]?.trim() ?? "";
    return address === "" ? [] : own === code ? address : `${address} ${own.toLowerCase()}`;
  });
  return addresses.length === 0 ? "" : ` (${addresses.join(", ")})`;
}
