import { createServer, type IncomingMessage, request, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";

export interface ProxyOptions {
  /** The Host to pass on, given the received one: nginx's `$proxy_host` is the upstream's, `$host` has no port. */
  host(asked: string, upstream: string): string;
  /** Additional headers. */
  headers?(asked: string, client: string): Record<string, string>;
  /** Like nginx without settings for WebSockets: drops Upgrade, but passes on the other headers of such a request. */
  dropsUpgrades?: boolean;
}

/** A small reverse proxy in front of the api, with Node's http only, at 127.0.0.1. */
export class ReverseProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(upstreamPort: number, { host, headers = () => ({}), dropsUpgrades = false }: ProxyOptions) {
    const upstream = `127.0.0.1:${upstreamPort}`;
    const ask = (req: IncomingMessage) => {
      const { upgrade, connection, ...rest } = req.headers;
      const asked = req.headers.host ?? "";
      const passed = dropsUpgrades || upgrade === undefined ? {} : { upgrade, connection: connection ?? "" };
      const added = headers(asked, req.socket.remoteAddress ?? "");
      const sent = { ...rest, ...passed, ...added, host: host(asked, upstream) };
      return request({
        host: "127.0.0.1",
        port: upstreamPort,
        method: req.method,
        path: req.url,
        headers: sent,
        agent: false,
      });
    };
    this.#server = createServer((req, res) => {
      const asking = ask(req);
      asking.on("response", (answer) => {
        res.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.on("error", () => res.destroy());
        answer.pipe(res);
      });
      asking.on("error", () => res.destroy());
      res.on("close", () => asking.destroy());
      req.pipe(asking);
    });
    this.#server.on("connection", (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
    });
    this.#server.on("upgrade", (req, socket, head) => {
      const asking = ask(req);
      socket.on("error", () => asking.destroy());
      const answered = (answer: IncomingMessage) => {
        const lines = answer.rawHeaders.flatMap((name, i, all) => (i % 2 === 0 ? [`${name}: ${all[i + 1]}`] : []));
        socket.write(`HTTP/1.1 ${answer.statusCode} ${answer.statusMessage}\r\n${lines.join("\r\n")}\r\n\r\n`);
      };
      asking.on("upgrade", (answer, far, first) => {
        answered(answer);
        far.on("error", () => {}).on("close", () => socket.destroy());
        socket.on("error", () => {}).on("close", () => far.destroy());
        socket.write(first);
        far.write(head);
        far.pipe(socket).pipe(far);
      });
      asking.on("response", (answer) => {
        answered(answer);
        answer.on("error", () => socket.destroy());
        answer.pipe(socket);
      });
      asking.on("error", () => socket.destroy());
      asking.end();
    });
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return this;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}
