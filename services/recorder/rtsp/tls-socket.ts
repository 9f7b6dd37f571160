import type { OnReadOpts, TcpNetConnectOpts } from "node:net";
import { type ConnectionOptions, connect, type TLSSocket } from "node:tls";
import { CameraRefusedError } from "../errors/camera-error.ts";

/** How the certificate of a camera is verified. */
export interface TlsTrust {
  /** false accepts any certificate. */
  verify: boolean;
  /** PEM certificates of the trusted authorities, instead of those known to Node. */
  ca?: string;
  /**
   * SHA-256 of the only accepted certificate, in hexadecimal digits, with or without colons; nothing else is then
   * checked.
   */
  fingerprint?: string;
}

/** Connects by TLS 1.2 or newer, without verifying the certificate: call `judgeCertificate` before sending anything. */
export function connectTls(to: TcpNetConnectOpts, trust: TlsTrust, onread: OnReadOpts): TLSSocket {
  const options: ConnectionOptions & TcpNetConnectOpts = {
    ...to,
    onread, // as for net.connect; @types/node does not know that TLS accepts it, too
    rejectUnauthorized: false,
    ...(trust.ca === undefined ? {} : { ca: trust.ca }),
  };
  return connect(options).setNoDelay(true);
}

/** After the handshake: why the certificate is not trusted, with its fingerprint; undefined when it is. */
export function judgeCertificate(socket: TLSSocket, trust: TlsTrust): CameraRefusedError | undefined {
  const seen = socket.getPeerCertificate().fingerprint256 ?? "none";
  if (trust.fingerprint !== undefined) {
    if (digits(seen) === digits(trust.fingerprint)) return undefined;
    return new CameraRefusedError(
      `the camera's certificate is another one than tls.fingerprint names: its SHA-256 fingerprint is ${seen}`,
      "if the camera got a new certificate, set tls.fingerprint to this; otherwise somebody may be listening in",
    );
  }
  if (!trust.verify || socket.authorized) return undefined;
  return new CameraRefusedError(
    `the camera's certificate is not trusted (${reason(socket)}); its SHA-256 fingerprint is ${seen}`,
    "if that is the fingerprint that the camera itself shows, set its tls.fingerprint to it, or tls.ca to its authority's file",
  );
}

function digits(fingerprint: string): string {
  return fingerprint.replaceAll(":", "").toLowerCase();
}

/** Node's error code in words: DEPTH_ZERO_SELF_SIGNED_CERT, ERR_TLS_CERT_ALTNAME_INVALID … */
function reason(socket: TLSSocket): string {
  const code = String(socket.authorizationError ?? "no certificate");
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") return "it is made out to another host";
  return code.toLowerCase().replaceAll("_", " ");
}
