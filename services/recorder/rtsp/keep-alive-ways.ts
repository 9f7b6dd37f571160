/** The requests that may keep a session (RFC 2326 §10.8, §10.1, §10.9), and none: RTCP receiver reports alone. */
export type KeepAliveWay = "GET_PARAMETER" | "OPTIONS" | "SET_PARAMETER" | "RTCP";

/**
 * Which way of keeping a session alive suits a camera, as far as its sessions have shown. A way that did harm goes to
 * the end of the order, so that every way has its turn again should all of them fail once.
 */
export class KeepAliveWays {
  #order: readonly KeepAliveWay[] = [];
  /** A session outlived its timeout by this way: one failure of it may be chance. */
  #proven: KeepAliveWay | undefined;

  /** The ways, best first. */
  get order(): readonly KeepAliveWay[] {
    return this.#order;
  }

  /**
   * Takes the Public field of the camera's answer to OPTIONS (RFC 2326 §10.1) for the first order; later ones change
   * nothing. What is not announced may work nevertheless (EvoStream: GET_PARAMETER does, OPTIONS does not).
   */
  announced(methods: string | undefined): void {
    if (this.#order.length > 0) return;
    const has = (method: string) => new RegExp(`\\b${method}\\b`, "i").test(methods ?? "");
    this.#order = [
      ...(has("GET_PARAMETER") ? (["GET_PARAMETER", "OPTIONS"] as const) : (["OPTIONS", "GET_PARAMETER"] as const)),
      ...(has("SET_PARAMETER") ? (["SET_PARAMETER", "RTCP"] as const) : (["RTCP", "SET_PARAMETER"] as const)),
    ];
  }

  /** The camera refused it, ignored it, or did worse. */
  failed(way: KeepAliveWay): void {
    if (this.#proven === way) this.#proven = undefined;
    else this.#order = movedToEnd(this.#order, way);
  }

  /** A session has lived on it for longer than the camera keeps one that is not kept alive. */
  proved(way: KeepAliveWay): void {
    this.#proven = way;
    this.preferred(way);
  }

  /** The camera took it after all. */
  preferred(way: KeepAliveWay): void {
    this.#order = [way, ...this.#order.filter((other) => other !== way)];
  }

  isProven(way: KeepAliveWay): boolean {
    return this.#proven === way;
  }
}

/** The order with `way` behind all others. */
export function movedToEnd(order: readonly KeepAliveWay[], way: KeepAliveWay): readonly KeepAliveWay[] {
  return [...order.filter((other) => other !== way), way];
}
