/**
 * The requests that can keep a session alive (RFC 2326 §10.8, §10.1, §10.9); "RTCP" sends none, only receiver reports.
 */
export type KeepAliveWay = "GET_PARAMETER" | "OPTIONS" | "SET_PARAMETER" | "RTCP";

/**
 * Which way of keeping a session alive works with a camera, as learned from its sessions. A way that failed goes to the
 * end of the order, so that each is tried again after all have failed.
 */
export class KeepAliveWays {
  #order: readonly KeepAliveWay[] = [];
  /** With this way a session outlived its timeout, so a single failure may be chance. */
  #proven: KeepAliveWay | undefined;

  /** The ways, best first. */
  get order(): readonly KeepAliveWay[] {
    return this.#order;
  }

  /**
   * Sets the initial order by the Public field of the camera's answer to OPTIONS (RFC 2326 §10.1); later calls change
   * nothing. Methods that are not announced may work nevertheless (EvoStream: GET_PARAMETER does, OPTIONS does not).
   */
  announced(methods: string | undefined): void {
    if (this.#order.length > 0) return;
    const has = (method: string) => new RegExp(`\\b${method}\\b`, "i").test(methods ?? "");
    this.#order = [
      ...(has("GET_PARAMETER") ? (["GET_PARAMETER", "OPTIONS"] as const) : (["OPTIONS", "GET_PARAMETER"] as const)),
      ...(has("SET_PARAMETER") ? (["SET_PARAMETER", "RTCP"] as const) : (["RTCP", "SET_PARAMETER"] as const)),
    ];
  }

  /** The camera refused or ignored the request, or ended the session because of it. */
  failed(way: KeepAliveWay): void {
    if (this.#proven === way) this.#proven = undefined;
    else this.#order = movedToEnd(this.#order, way);
  }

  /** A session with this way has lasted longer than the camera keeps one that is not kept alive. */
  proved(way: KeepAliveWay): void {
    this.#proven = way;
    this.preferred(way);
  }

  /** The camera accepted the request after all. */
  preferred(way: KeepAliveWay): void {
    this.#order = [way, ...this.#order.filter((other) => other !== way)];
  }

  isProven(way: KeepAliveWay): boolean {
    return this.#proven === way;
  }
}

/** The order with `way` moved to the end. */
export function movedToEnd(order: readonly KeepAliveWay[], way: KeepAliveWay): readonly KeepAliveWay[] {
  return [...order.filter((other) => other !== way), way];
}
