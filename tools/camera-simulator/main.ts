import { parseArgs } from "node:util";
import { readConfig, type SimulatorConfig } from "./config.ts";
import { demoConfig } from "./demo.ts";
import { Simulator } from "./simulator.ts";

const USAGE = `usage: main.js --config <file or inline JSON> | --demo
  [--host 127.0.0.1] [--port 8554] [--control-port 0] [--cache <folder>] [--log <file>] [--ffmpeg <program>]`;

function readArguments(): SimulatorConfig {
  const text = { type: "string" } as const;
  const { values } = parseArgs({
    options: {
      config: text,
      demo: { type: "boolean" },
      host: text,
      port: text,
      "control-port": text,
      cache: text,
      log: text,
      ffmpeg: text,
    },
  });
  if ((values.config === undefined) === !values.demo) throw new Error(USAGE);
  const config = values.config === undefined ? demoConfig() : readConfig(values.config);
  if (values.host !== undefined) config.host = values.host;
  if (values.port !== undefined) config.port = Number(values.port);
  if (values["control-port"] !== undefined) config.controlPort = Number(values["control-port"]);
  if (values.cache !== undefined) config.cacheDir = values.cache;
  if (values.log !== undefined) config.logFile = values.log;
  if (values.ffmpeg !== undefined) config.ffmpeg = values.ffmpeg;
  return config;
}

try {
  const simulator = new Simulator(readArguments());
  const stop = (): void => {
    simulator.stop();
    process.exit(0);
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
  process.on("disconnect", stop); // the parent that started us over an IPC channel has ended
  const ports = await simulator.start();
  console.log(JSON.stringify({ ready: true, ...ports, pid: process.pid }));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
