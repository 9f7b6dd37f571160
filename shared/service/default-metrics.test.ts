import { execFile } from "node:child_process";
import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { Registry } from "prom-client";
import { expect, test } from "vitest";
import { bundleScript } from "../testing/run-script.ts";
import { registerDefaultMetrics } from "./default-metrics.ts";

const MODULE = join(import.meta.dirname, "default-metrics.ts");
const PROM_CLIENT = join(import.meta.dirname, "../../node_modules/prom-client/index.js");

test("an idle process is not woken for the sake of its metrics (the kernel counts how often it went to sleep)", async () => {
  const script = await bundleScript(
    `import { readFileSync } from "node:fs";
    import { Registry } from ${JSON.stringify(PROM_CLIENT)};
    import { registerDefaultMetrics } from ${JSON.stringify(MODULE)};
    registerDefaultMetrics(new Registry());
    const sleeps = () => Number(/^voluntary_ctxt_switches:\\s+(\\d+)/m.exec(readFileSync("/proc/self/status", "utf8"))[1]);
    setTimeout(() => {
      const before = sleeps();
      setTimeout(() => console.log(sleeps() - before), 2000);
    }, 500);`,
  );
  const { stdout } = await promisify(execFile)(process.execPath, [script]);
  await rm(dirname(script), { recursive: true });
  expect(Number(stdout)).toBeLessThan(20);
});

test("the figures of the histogram, which nobody keeps, are not told; how late the event loop is now, is", async () => {
  const registry = new Registry();
  registerDefaultMetrics(registry);
  const text = await registry.metrics();
  expect(text).toMatch(/^nodejs_eventloop_lag_seconds \d/m);
  expect(text).toMatch(/^process_cpu_seconds_total \d/m);
  expect(text).not.toMatch(/nodejs_eventloop_lag_(?!seconds)/);
});
