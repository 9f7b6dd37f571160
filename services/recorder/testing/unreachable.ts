import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { LookupFunction } from "node:net";
import { onTestFinished } from "vitest";

/** Listens with a full backlog, so that the kernel drops connection attempts; serves once a line comes on stdin. */
const SCRIPT = `
import socket, ssl, sys
address, port, certificate, key = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
listener = socket.socket()
listener.bind((address, port))
listener.listen(0)
fillers = []
for _ in range(4):
    filler = socket.socket()
    filler.setblocking(False)
    filler.connect_ex((address, listener.getsockname()[1]))
    fillers.append(filler)
print(listener.getsockname()[1], flush=True)
sys.stdin.readline()
names = {filler.getsockname() for filler in fillers}
while True:
    connection, name = listener.accept()
    if name in names: continue
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        connection = context.wrap_socket(connection, server_side=True)
    connection.sendall(b"hello")
    sys.stdin.readline()
`;

/** A port that does not answer: neither a connection nor a refusal comes, as from an unused address. */
export class Unreachable {
  readonly #process: ChildProcess;
  readonly port: number;

  private constructor(process: ChildProcess, port: number) {
    this.#process = process;
    this.port = port;
  }

  /** @param port a free one when it is 0 */
  static async start(address: string, port: number, tls?: { certFile: string; keyFile: string }): Promise<Unreachable> {
    const files = [tls?.certFile ?? "", tls?.keyFile ?? ""];
    const child = spawn("/usr/bin/python3", ["-c", SCRIPT, address, String(port), ...files], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    onTestFinished(() => void child.kill());
    const [line] = (await once(child.stdout, "data")) as [Buffer];
    return new Unreachable(child, Number(line));
  }

  /** From now on connections are accepted and greeted. */
  answer(): void {
    this.#process.stdin?.write("\n");
  }
}

/** A look-up that returns these addresses, in this order, for every name. */
export function finding(...addresses: string[]): LookupFunction {
  const found = addresses.map((address) => ({ address, family: 4 }));
  return (_name, _options, callback) => process.nextTick(callback, null, found);
}
