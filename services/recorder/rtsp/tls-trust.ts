import { readFile } from "node:fs/promises";
import { CameraRefusedError } from "../errors/camera-error.ts";
import type { TlsTrust } from "./tls-socket.ts";

/** How the certificate of a camera is verified, as configured. */
export interface TlsOptions {
  verify: boolean;
  /** Path of a PEM file with the certificates of the trusted authorities. */
  ca?: string;
  /** SHA-256 of the camera's certificate in hexadecimal digits. */
  fingerprint?: string;
}

/** Reads the file of `ca`. Throws CameraRefusedError when it cannot be read. */
export async function readTrust(options: TlsOptions = { verify: true }): Promise<TlsTrust> {
  const { ca, ...trust } = options;
  if (ca === undefined) return trust;
  try {
    return { ...trust, ca: await readFile(ca, "utf8") };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    throw new CameraRefusedError(
      `the file of tls.ca, ${ca}, cannot be read (${code})`,
      "check its name and its rights",
      {
        cause: error,
      },
    );
  }
}
