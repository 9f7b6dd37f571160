import { once } from "node:events";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { SupervisedProcess } from "./supervised-process.ts";

const CAMERAS = ["demo-garden", "demo-street"];
const CLIP_FOLDER = "data/demonstration";
const READY_LIMIT_MS = 60_000;

/** Two simulated cameras, served by the project's camera simulator while no real one is configured. */
export class Demonstration {
  readonly #print: (line: string) => void;
  #simulator: SupervisedProcess | undefined;

  constructor(print: (line: string) => void) {
    this.#print = print;
  }

  /** Starts the simulator; returns its cameras in the form of the configuration's `cameras`. */
  async start(): Promise<Record<string, { url: string }>> {
    const port = await freePort();
    const main = fileURLToPath(new URL("../tools/camera-simulator/main.js", import.meta.url));
    const args = [main, "--demo", "--port", `${port}`, "--cache", CLIP_FOLDER];
    let isReady = () => {};
    const ready = new Promise<void>((resolve) => {
      isReady = resolve;
    });
    this.#simulator = new SupervisedProcess(
      { name: "simulator", command: process.execPath, args, isHelper: true },
      (line) => {
        if (line.includes('"ready":true')) isReady();
        else this.#print(line);
      },
    );
    this.#simulator.start();
    const limit = new Promise<void>((resolve) => setTimeout(resolve, READY_LIMIT_MS).unref());
    await Promise.race([ready, limit]);
    return Object.fromEntries(CAMERAS.map((id) => [id, { url: `rtsp://127.0.0.1:${port}/${id}` }]));
  }

  async stop(): Promise<void> {
    await this.#simulator?.stop(5000);
  }
}

/** A free TCP port of 127.0.0.1; the simulator keeps it when it is restarted. */
async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening").catch((cause: Error) => {
    const todo = "see to its loopback interface, or configure cameras of your own (config/nvr.example.json)";
    throw new Error(`the simulated cameras need the address 127.0.0.1 (${cause.message}): ${todo}`, { cause });
  });
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}
