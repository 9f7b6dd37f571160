/**
 * What sessions have learned about a camera and the next one is to know. There is one for each camera recorder, which hands
 * it to every session; it is forgotten when the camera's configuration changes or the process ends, as nothing in it is
 * more than a short cut.
 */
export class CameraMemory {
  /** The Digest algorithm, in upper case, with which the camera took user and password last. */
  digestAlgorithm: string | undefined;
  /** Digest algorithms that the camera has refused since it took user and password last, the latest last. */
  refusedAlgorithms: readonly string[] = [];
}
