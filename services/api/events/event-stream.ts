import type { Response } from "express";

/** How much may wait for a client that does not read before it is disconnected; the browser then reconnects. */
const MAX_WAITING_BYTES = 256 * 1024;

export const EVENT_STREAM_HEADERS = {
  "Content-Type": "text/event-stream; charset=utf-8",
  "Cache-Control": "no-store",
  "X-Accel-Buffering": "no", // nginx in front must not collect events
};

/** The bytes of an event; `data` becomes JSON. */
export function eventBytes(event: string, data: unknown): Buffer {
  return Buffer.from(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
}

/** One client's stream of server-sent events (WHATWG HTML, server-sent events). */
export class EventStream {
  readonly #res: Response;

  /** Sends the head; it tells the browser to reconnect three seconds after the connection breaks. */
  constructor(res: Response) {
    this.#res = res;
    res.status(200).set(EVENT_STREAM_HEADERS);
    res.write("retry: 3000\n\n");
  }

  /** Sends an event of `eventBytes`; many streams can share one buffer, so that memory holds it once. */
  send(event: Buffer): void {
    this.#write(event);
  }

  /** Sends a comment, so that proxies do not take the connection for dead. */
  beat(): void {
    this.#write(": still here\n\n");
  }

  end(): void {
    this.#res.end();
  }

  #write(text: string | Buffer): void {
    if (this.#res.writableLength > MAX_WAITING_BYTES) this.#res.destroy();
    else if (!this.#res.writableEnded) this.#res.write(text);
  }
}
