import type { OnReadOpts, TcpNetConnectOpts } from "node:net";
import { type ConnectionOptions, connect, type TLSSocket } from "node:tls";
import { CameraRefusedError } from "../errors/camera-error.ts";

/** How the certificate of a camera is judged. */
export interface TlsTrust {
  /** false takes any certificate. */
  verify: boolean;
  /** Certificates in PEM of the authorities that count, instead of those known to Node. */
  ca?: string;
  /**
   * SHA-256 of the one certificate that is right, in hexadecimal digits, with or without colons; nothing else counts
   * then.
   */
  fingerprint?: string;
}

/** Connects by TLS 1.2 or newer. The certificate is not looked at: `judgeCertificate` must, before anything is sent. */
export function connectTls(to: TcpNetConnectOpts, trust: TlsTrust, onread: OnReadOpts): TLSSocket {
  const options: ConnectionOptions & TcpNetConnectOpts = {
    ...to,
    onread, // as of net.connect; @types/node does not know that TLS takes it, too
    rejectUnauthorized: false,
    ...(trust.ca === undefined ? {} : { ca: trust.ca }),
  };
  return connect(options).setNoDelay(true);
}

/** After the handshake: why the certificate is not to be trusted, with its fingerprint; undefined when it is. */
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

/** Node's code in words: DEPTH_ZERO_SELF_SIGNED_CERT, ERR_TLS_CERT_ALTNAME_INVALID … */
function reason(socket: TLSSocket): string {
  const code = String(socket.authorizationError ?? "no certificate");
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") return "it is made out to another host";
  return code.toLowerCase().replaceAll("_", " ");
}
